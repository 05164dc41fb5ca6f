"""The ranker on Amazon Beauty 5-core, leave-one-out, where published tables exist.

    python -m benchmarks beauty-leave-one-out beauty_5core_loo.csv.gz

The file has one interaction a row: reviewerID, asin, position (0 is the oldest) and itemName.
The last item of each of the 22,363 users is ranked among all 12,101 items, except those that
the user already has. There are no times, ratings or prices; the order of a user's items stands
for time. Heads are fitted to rank the second and third last items, from similarities that know
neither; the decay scale is chosen on the second last. *Fresh* similarities know all but the last
items, *strict* ones only the training rows (all but the last two), as published models do.
Published HR@10 / NDCG@10: SASRec .0605 / .0318 (Geng et al., RecSys 2022), TIGER .0648 / .0384
(Rajput et al., NeurIPS 2023).
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path

import numpy as np
import pandas as pd

from config import PROJECT_ROOT
from pipeline.embed.cache import EmbeddingCache, encode_texts
from pipeline.train.ranker.data import RankerData
from pipeline.train.ranker.feature_state import (
    Catalog,
    FeatureState,
    content_similarities,
    features_at,
    parts_at,
)
from pipeline.train.ranker.head import RankerHead, catalog_scores
from pipeline.train.ranker.item_columns import known_items
from pipeline.train.ranker.lists import Targets, targets_of
from pipeline.train.ranker.training import (
    Fold,
    choose_decay_scale,
    fit,
    lists_of,
)
from pipeline.train.ranker.validation import ranks_of
from pipeline.train.tensorflow_startup import start_tensorflow
from recsys import metrics
from recsys.interactions import FIVE_STARS, Interactions

ALL_LISTS = 25_000


def main(arguments: Sequence[str]) -> int:
    """Print the table, and return 1 where the data is absent."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks beauty-leave-one-out",
        description=__doc__.splitlines()[0] if __doc__ else None,
    )
    parser.add_argument("interactions", type=Path, help="the CSV file")
    parser.add_argument("--seeds", type=int, default=1, help="whole runs to average")
    parser.add_argument("--cache", type=Path, default=PROJECT_ROOT / "embeddings" / ".cache")
    args = parser.parse_args(arguments)
    if not args.interactions.exists():
        print(f"{args.interactions} is absent; this benchmark needs it.")
        return 1
    started = time.monotonic()
    data, from_end = read_beauty(args.interactions, args.cache)
    print(f"read and compared in {time.monotonic() - started:.0f} s")
    start_tensorflow()
    tables = [run(data, from_end, seed) for seed in range(args.seeds)]
    for name in tables[0]:
        print(
            f"{name:8}"
            + "".join(f"  {m} {np.mean([t[name][m] for t in tables]):.4f}" for m in tables[0][name])
        )
    print(f"{args.seeds} runs of three averaged heads in {time.monotonic() - started:.0f} s")
    return 0


def read_beauty(interactions: Path, cache: Path) -> tuple[RankerData, np.ndarray]:
    """Read the interactions, and how many of the same user follow each."""
    from pipeline.embed.encoder import open_encoder

    rows = pd.read_csv(interactions).sort_values(["position", "reviewerID"], kind="stable")
    users, user_names = pd.factorize(rows["reviewerID"], sort=True)
    items, item_names = pd.factorize(rows["asin"], sort=True)
    order = rows["position"].to_numpy(np.int64)
    known = Interactions(
        users,
        items,
        times=order,  # microseconds, so that all is of one day
        ratings=np.full(len(rows), FIVE_STARS, np.float32),
        file_rows=np.arange(len(rows)),
        user_names=np.asarray(user_names, dtype=object),
    )
    titles = rows.drop_duplicates("asin").set_index("asin")["itemName"].reindex(item_names)
    texts = titles.fillna("").to_numpy(dtype=object)
    encoder = open_encoder("", allow_download=False, processes=0)
    encoded = encode_texts(list(texts), encoder, EmbeddingCache(cache, encoder.fingerprint))
    vectors = encoded.astype(np.float32)
    n_items = len(item_names)
    catalog = Catalog(
        texts,
        vectors,
        np.full(n_items, np.nan, np.float32),
        np.zeros(n_items, np.float32),
        content_similarities(texts, vectors),
    )
    last = pd.Series(order).groupby(users).transform("max").to_numpy()
    return RankerData(known, catalog, pd.Index(item_names)), last - order


def run(data: RankerData, from_end: np.ndarray, seed: int) -> dict[str, dict[str, float]]:
    """Fit on the second and third last items, and rank the last."""
    from pipeline.train.ranker.fitting import RankerPlan

    plan, started = RankerPlan(seed=seed), time.monotonic()

    def tell(step: str, done: int = 0, total: int = 0, detail: str = "") -> None:
        print(f"{time.monotonic() - started:6.0f} s  {step} {done}/{total} {detail}", flush=True)

    folds = [fold_before(data, from_end, last) for last in (2, 1)]
    decay_scale, losses = choose_decay_scale(folds[:1], folds[1], plan, tell)
    print(
        "loss by decay scale", {name: round(loss, 4) for name, loss in losses.items()}, flush=True
    )
    head = fit(lists_of(folds, decay_scale, seed, ALL_LISTS), plan, tell)
    before = data.interactions.where(from_end >= 1)
    fresh = features_at(before, data.catalog, decay_scale=decay_scale)
    history = before.histories()
    strict = replace(folds[-1].state(decay_scale), history=history)
    last = data.interactions.where(from_end == 0)
    targets = Targets(last.users, last.items)
    return {
        name: figures(head, state, before, targets, data)
        for name, state in (("fresh", fresh), ("strict", strict))
    }


def fold_before(data: RankerData, from_end: np.ndarray, last: int) -> Fold:
    """Make the fold whose targets have `last` items of their user after them."""
    before = data.interactions.where(from_end > last)
    parts, later = parts_at(before, data.catalog), data.interactions.where(from_end == last)
    return Fold(parts, before, targets_of(later, parts.history, known_items(parts.columns)))


def figures(
    head: RankerHead, state: FeatureState, before: Interactions, targets: Targets, data: RankerData
) -> dict[str, float]:
    """Average HR and NDCG at 5 and 10 over all users."""
    scores = partial(catalog_scores, head, state)
    ranks = ranks_of(scores, before, targets, np.ones(data.catalog.n_items, dtype=bool))
    return {
        f"{name}@{k}": float(metric(ranks, k).mean())
        for k in (5, 10)
        for name, metric in (("HR", metrics.hit_rate), ("NDCG", metrics.ndcg))
    }
