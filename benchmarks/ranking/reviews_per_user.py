"""What encoding the N newest reviews of each user costs and is worth.

    python -m benchmarks reviews-per-user --bounds 0 1 2 3 5

Reads DATA_PATH/clean_df.pq, writes into EMBEDDINGS_PATH (the texts of the largest N are
encoded once, into its cache), and prints one line for each N: texts, tokens, and the AUC
of "the rating is 5" on the validation days, by the network (mean of the seeds) and by a
logistic regression on the same inputs. docs/decisions/0001-reviews-per-user.md rests on it.
"""

from __future__ import annotations

import argparse
import io
from collections.abc import Sequence

import numpy as np
from rich.console import Console
from rich.table import Table
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score

from config import Config
from pipeline.embed.encoder import open_encoder
from pipeline.embed.inputs import read_items, read_training_reviews
from pipeline.embed.stage import embed
from pipeline.train.rating.data import Features, read_features, read_interactions
from pipeline.train.rating.plan import RatingPlan
from pipeline.train.rating.stage import train
from recsys.interactions import Interactions
from recsys.split import TRAIN, VALIDATION, temporal_labels
from storage.sources import artifact_paths

SEEDS = (7, 8, 9)


def main(arguments: Sequence[str]) -> int:
    """Measure each N in turn, and print one table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks reviews-per-user",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--bounds", type=int, nargs="+", default=[0, 1, 2, 3, 5])
    config, console = Config.from_environment(), Console()
    bounds = parser.parse_args(arguments).bounds
    encoder = open_encoder()
    embed(encoder, config, console, max(bounds))
    paths = artifact_paths(config)
    reviews = read_training_reviews(paths.clean, read_items(paths.clean).names)
    table = Table("N", "texts", "of all", "network AUC", "spread", "logistic AUC", "rows")
    for bound in bounds:
        n_texts = len(reviews.newest_written(bound))
        embed(encoder, config, Console(file=io.StringIO()), bound)
        features = read_features(paths)
        interactions = read_interactions(paths.clean, features)
        aucs = [_network_auc(features, interactions, seed) for seed in SEEDS]
        logistic, n_rows = _logistic_auc(features, interactions)
        share = f"{n_texts / len(reviews.texts):.0%}"
        spread = f"{np.ptp(aucs):.3f}"
        network = f"{np.mean(aucs):.3f}"
        table.add_row(
            str(bound), f"{n_texts:,}", share, network, spread, f"{logistic:.3f}", str(n_rows)
        )
    console.print(table)
    return 0


def _network_auc(features: Features, interactions: Interactions, seed: int) -> float:
    trained = train(features, interactions, RatingPlan(seed=seed), Console(file=io.StringIO()))
    return float(trained.facts["validation"]["auc"])


def _logistic_auc(features: Features, interactions: Interactions) -> tuple[float, int]:
    parts = temporal_labels(interactions.days)
    rows = interactions.where(interactions.known & (parts == TRAIN))
    held_out = interactions.where(interactions.known & (parts == VALIDATION))
    learner = LogisticRegression(C=0.1, max_iter=500, class_weight="balanced")
    learner.fit(_inputs(features, rows), rows.liked)
    scores = learner.decision_function(_inputs(features, held_out))
    return float(roc_auc_score(held_out.liked, scores)), len(held_out)


def _inputs(features: Features, rows: Interactions) -> np.ndarray:
    return np.hstack(features.inputs(rows.users, rows.items))
