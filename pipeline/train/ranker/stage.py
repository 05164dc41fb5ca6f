"""`train --objective ranker`: fit the ranker, refuse a bad one, publish it made of all rows."""

from __future__ import annotations

import argparse
import time
from collections.abc import Callable
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from config import Config
from pipeline.errors import NotTrainableError
from pipeline.train.model_card import read_card, save_model, versions
from pipeline.train.rating.data import data_fingerprint
from pipeline.train.tensorflow_startup import start_tensorflow
from recsys.features.user_profile import PROFILE_COLUMNS
from recsys.split import temporal_cuts
from storage.array_folder import checksum
from storage.artifacts import ArtifactPaths
from storage.parquet.parts import read_schema
from storage.sources import artifact_paths

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.train.progress import Tell
    from pipeline.train.ranker.data import RankerData
    from pipeline.train.ranker.feature_state import FeatureState
    from pipeline.train.ranker.head import RankerHead
    from pipeline.train.ranker.training import RankerTrial

LIMITS: Final = (
    "It knows what was reviewed, not what was seen, bought or returned.",
    "A user without a history gets popular items from the service, not from this model.",
    "Items that nobody has reviewed are found by their texts only.",
    "Its scores order the items of one user; they are no probabilities and don't compare users.",
)


class PopularityAheadError(NotTrainableError):
    """Popularity ranks better than the ranker on the validation days.

    Attributes:
        column: The item column that did.
    """

    def __init__(self, trial: RankerTrial) -> None:
        """Compare the two in a sentence."""
        super().__init__(
            f"On the validation days the ranker's NDCG@10 is {trial.ranker.ndcg:.4f}, "
            f"{-trial.gain:.4f} below that of popularity ({trial.popularity_column}: "
            f"{trial.popularity.ndcg:.4f}), so it was not published.",
            "Give more reviews",
            "publish it nevertheless: --allow-worse",
        )
        self.column = trial.popularity_column


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the ranker."""
    group = parser.add_argument_group("training the ranker")
    group.add_argument(
        "--allow-worse",
        action="store_true",
        help="publish a ranker even if popularity ranks better on the validation days",
    )


def run(args: argparse.Namespace, config: Config, console: Console) -> None:
    """Train on the artifacts in the configured folders; write similarities, columns, model and card.

    Raises:
        NotTrainableError: The data can't teach a ranker, or popularity ranks better.
        recsys.split.SplitError: The reviews are of a single day.
        storage.artifacts.ArtifactError: An input file is missing or bad.
    """
    from pipeline.train.progress import shown_on
    from pipeline.train.ranker.data import read_ranker_data

    started = time.monotonic()
    paths = artifact_paths(config)
    with shown_on(console) as tell:
        tell("reading interactions")
        data = read_ranker_data(paths, tell)
        start_tensorflow()

        def judged(trial: RankerTrial) -> None:
            _show(trial, console)
            _compare_with_served(trial, paths, console)
            refuse_worse(trial, allow=args.allow_worse)

        head, state, learned = _learn(data, args.seed, judged, tell)
    facts = {
        "model": "ranker: what will the user choose next?",
        "split": _split_facts(data),
        **learned,
        "limits": list(LIMITS),
        "versions": versions(("keras", "tensorflow", "numpy", "scipy", "scikit-learn")),
    }
    publish(data, state, head, facts, paths, started)
    console.print(f"wrote {paths.item_affinity.name}, {paths.item_price.name} and {paths.model}")


def _learn(
    data: RankerData, seed: int, judged: Callable[[RankerTrial], None], tell: Tell
) -> tuple[RankerHead, FeatureState, dict[str, Any]]:
    """Choose the decay scale, try a head on the validation days, and fit the one to publish.

    Args:
        data: The interactions and the catalog.
        seed: Seed of draws and first weights.
        judged: Called with the trial; ends the training by raising.
        tell: Called with each step, in words.

    Returns:
        The head, the feature state of all rows, and the facts for the card.
    """
    from pipeline.train.five_star.bias_choice import choose_item_shrinkage
    from pipeline.train.five_star.learning import learn_five_stars
    from pipeline.train.ranker import training
    from pipeline.train.ranker.fitting import RankerPlan
    from pipeline.train.ranker.prior import prior_share

    plan, before = RankerPlan(seed=seed), training.BEFORE_VALIDATION
    bias = choose_item_shrinkage(data.interactions, data.catalog.n_items)
    folds = training.make_folds(data, bias.item_shrinkage, tell, seed)
    decay_scale, losses = training.choose_decay_scale(folds[before], folds[-1], plan, tell)
    lists = training.lists_of(folds, decay_scale, seed)
    del folds[:-1]  # the similarities of all but one of the cutoffs
    trial = training.try_out(lists[before], folds[-1], decay_scale, plan, tell)
    judged(trial)
    tell("how likely five stars are")
    five_star = learn_five_stars(data, folds[-1], decay_scale, bias.item_shrinkage, seed)
    del folds
    head, n_lists = training.fit(lists, plan, tell), [len(part.users) for part in lists]
    del lists
    tell("similarities of all rows")
    share = round(prior_share(sum(n_lists)), 3)
    facts = {
        "plan": {**asdict(plan), "decay_scale": decay_scale, "prior_share": share},
        "lists": n_lists,
        "validation": _validation_facts(trial)
        | {"decay_scale_losses": losses, "five_star": bias.facts() | five_star.facts},
        **five_star.for_card(),
    }
    return head, training.published_state(data, bias.item_shrinkage, decay_scale), facts


def refuse_worse(trial: RankerTrial, *, allow: bool) -> None:
    """Refuse a ranker that popularity beats, unless that is allowed.

    Raises:
        PopularityAheadError: It is refused; no file has been replaced.
    """
    if trial.gain < 0 and not allow:
        raise PopularityAheadError(trial)


def publish(
    data: RankerData,
    state: FeatureState,
    head: RankerHead,
    facts: dict[str, Any],
    paths: ArtifactPaths,
    started: float,
) -> None:
    """Write what the service reads: similarities, columns, model, card, each atomically.

    The model comes after what it reads. Interrupted before it, an older ranker stands beside
    newer similarities, which it can rank by; a network without them has fewer columns than the
    file, and the service refuses that pair by its widths and stays with what it has.
    """
    from pipeline.train.ranker.files import chosen_by_training, write_features
    from pipeline.train.ranker.network import build_ranker

    write_features(data, state, chosen_by_training(facts), paths)
    texts = tuple(map(_width, (paths.user_review, paths.user_item, paths.item_desc)))
    widths = (1 + state.columns.shape[1], state.similarities.n_similarities, len(PROFILE_COLUMNS))
    card = {
        **facts,
        "widths": [*texts, *widths],
        "clean_sha256": checksum(paths.clean),
        "data_fingerprint": data_fingerprint(paths),
        "seconds": round(time.monotonic() - started, 1),
    }
    save_model(build_ranker(head, (texts[0], texts[1], texts[2]), widths), card, paths.model)


def _split_facts(data: RankerData) -> dict[str, Any]:
    cuts = temporal_cuts(data.interactions.days)
    return {
        "train_end_day": str(np.datetime64(cuts.train_end_day, "D")),
        "validation_end_day": str(np.datetime64(cuts.validation_end_day, "D")),
        "published": "similarities, columns and histories of all rows; the head never saw the test days",
    }


def _validation_facts(trial: RankerTrial) -> dict[str, Any]:
    return {
        "users": trial.ranker.n_users,
        "cases": trial.ranker.n_cases,
        "ranker": trial.ranker.facts(),
        "popularity": {"by": trial.popularity_column, **trial.popularity.facts()},
    }


def _show(trial: RankerTrial, console: Console) -> None:
    console.print(
        f"on the validation days NDCG@10 {trial.ranker.ndcg:.4f}, popularity "
        f"{trial.popularity.ndcg:.4f} ({trial.ranker.n_users:,} users)",
        highlight=False,
    )


def _compare_with_served(trial: RankerTrial, paths: ArtifactPaths, console: Console) -> None:
    """Print how the model in service did, if it was trained on the same interactions."""
    card = read_card(paths.model)
    served = card.get("validation", {}).get("ranker", {}).get("ndcg@10")
    if served is None:
        return
    if card.get("clean_sha256") != checksum(paths.clean):
        console.print(f"the model in service had {served:.4f}, on other interactions")
        return
    console.print(
        f"the model in service had {served:.4f} on the same interactions, "
        f"{trial.ranker.ndcg - served:+.4f} now",
        highlight=False,
    )


def _width(path: Path) -> int:
    """Vector columns of an embedding file, whose index is one more."""
    return len(read_schema(path)) - 1
