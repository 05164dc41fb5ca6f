"""The ranker and its baselines on Amazon Beauty 5-core, leave-one-out, where published tables exist.

    python -m benchmarks beauty-leave-one-out beauty_5core_loo.csv.gz --order symmetric

The file has one interaction a row: reviewerID, asin, position (0 is the oldest) and itemName.
The last item of each of the 22,363 users is ranked among all 12,101 items, except those that
the user already has. There are no times, ratings or prices; the order of a user's items stands
for time. Heads are fitted to rank the second and third last items, from similarities that know
neither; the decay scale is chosen on the second last. *Fresh* similarities know all but the last
items, *strict* ones only the training rows (all but the last two), as published models do.
Baselines choose their settings on the second last items of 4,000 users, and are then fitted on all but
the last items of everybody.

Items of one day lie in the file by their ids, so that their order tells nothing about time and
much about which of two items comes later. With `--order symmetric` that order is drawn anew by the
seed, for every model. Which items are of one day isn't in the file: drawn is the order within each
run of ascending ids, which holds its days whole.

What was measured is kept in report/beauty.json; `python -m pipeline report` writes it into the report.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from benchmarks.ranking.beauty_data import (
    AS_GIVEN,
    ORDERS,
    Beauty,
    beauty_in,
    cutoff_before,
    read_catalog,
    read_rows,
)
from config import PROJECT_ROOT
from pipeline.evaluate.baselines.choice import baselines_named
from pipeline.evaluate.models import refitted, tuned_baselines
from pipeline.evaluate.ranking_model import ranks_at
from pipeline.evaluate.stage import write_metrics
from pipeline.report.studies import BEAUTY, read_study
from pipeline.report.studies import beauty as beauty_table
from pipeline.train.ranker.feature_state import FeatureState, features_at, parts_at
from pipeline.train.ranker.fitting import RankerPlan
from pipeline.train.ranker.head import RankerHead, catalog_scores
from pipeline.train.ranker.item_columns import known_items
from pipeline.train.ranker.lists import Targets, targets_of
from pipeline.train.ranker.training import Fold, choose_decay_scale, fit, lists_of
from pipeline.train.ranker.validation import ranks_of
from pipeline.train.tensorflow_startup import start_tensorflow
from recsys import metrics
from recsys.interactions import Interactions

ALL_LISTS: Final = 25_000
TUNING_USERS: Final = 4_000
SEED: Final = 7
"""Of the draw of these users, and of those that baselines make."""
FRESH: Final = "ranker, fresh"
STRICT: Final = "ranker, strict"
MEASURES: Final = {"hit_rate": metrics.hit_rate, "ndcg": metrics.ndcg}
BASELINES: Final = ("item-kNN", "RP3beta", "EASE", "iALS", "text-kNN", "session-kNN")

Ranks = dict[str, list[NDArray[np.float64]]]
"""Ranks of the last items, (n_users,) for each seed, by name of the model."""


def main(arguments: Sequence[str]) -> int:
    """Measure, keep and print the figures of one order, and return 1 where the data is absent."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks beauty-leave-one-out",
        description=__doc__.splitlines()[0] if __doc__ else None,
    )
    parser.add_argument("interactions", type=Path, help="the CSV file")
    parser.add_argument("--order", choices=ORDERS, default=AS_GIVEN, help="within a day")
    parser.add_argument("--seeds", type=int, default=1, help="rankers to average")
    parser.add_argument("--baselines", nargs="*", metavar="NAME", default=BASELINES)
    parser.add_argument("--cache", type=Path, default=PROJECT_ROOT / "embeddings" / ".cache")
    args = parser.parse_args(arguments)
    if not args.interactions.exists():
        print(f"{args.interactions} is absent; this benchmark needs it.")
        return 1
    started, rows = time.monotonic(), read_rows(args.interactions)
    described = read_catalog(rows, args.cache)
    start_tensorflow()
    ranks, settings = Ranks(), dict[str, Any]()

    def keep() -> None:
        measured = {"seeds": len(ranks[FRESH]), "models": numbers(ranks, settings)}
        measured["seconds"] = round(time.monotonic() - started)
        write_metrics(read_study(BEAUTY) | {args.order: measured}, BEAUTY)

    for seed in range(args.seeds):
        beauty = beauty_in(args.order, rows, described, seed)
        for name, found in ranker_ranks(beauty, seed).items():
            ranks.setdefault(name, []).append(found)
        keep()
    beauty = beauty_in(args.order, rows, described, seed=0)
    for name, chosen, found in baseline_ranks(beauty, args.baselines):
        ranks[name], settings[name] = [found], chosen
        keep()
    print(beauty_table({}))
    return 0


def ranker_ranks(beauty: Beauty, seed: int) -> dict[str, NDArray[np.float64]]:
    """Fit on the second and third last items, and rank the last."""
    data, from_end, _ = beauty
    plan, started = RankerPlan(seed=seed), time.monotonic()

    def tell(step: str, done: int = 0, total: int = 0, detail: str = "") -> None:
        print(f"{time.monotonic() - started:6.0f} s  {step} {done}/{total} {detail}", flush=True)

    folds = [fold_before(beauty, last) for last in (2, 1)]
    decay_scale, losses = choose_decay_scale(folds[:1], folds[1], plan, tell)
    tell(f"loss by decay scale {losses}")
    head = fit(lists_of(folds, decay_scale, seed, ALL_LISTS), plan, tell)
    before = data.interactions.where(from_end >= 1)
    fresh = features_at(before, data.catalog, decay_scale=decay_scale)
    strict = replace(folds[-1].state(decay_scale), history=before.histories())
    last = data.interactions.where(from_end == 0)
    targets = by_user(Targets(last.users, last.items))
    return {
        name: last_ranks(head, state, before, targets, data.catalog.n_items)
        for name, state in ((FRESH, fresh), (STRICT, strict))
    }


def fold_before(beauty: Beauty, last: int) -> Fold:
    """Make the fold whose targets have `last` items of their user after them."""
    data, from_end, _ = beauty
    before = data.interactions.where(from_end > last)
    parts, later = parts_at(before, data.catalog), data.interactions.where(from_end == last)
    return Fold(parts, before, targets_of(later, parts.history, known_items(parts.columns)))


def last_ranks(
    head: RankerHead, state: FeatureState, before: Interactions, targets: Targets, n_items: int
) -> NDArray[np.float64]:
    """Rank the last items among all, (n_users,)."""
    scores = partial(catalog_scores, head, state)
    return ranks_of(scores, before, targets, np.ones(n_items, dtype=bool))


def by_user(targets: Targets) -> Targets:
    """Sort targets by user, so that the ranks of all models compare."""
    order = np.argsort(targets.users)
    return Targets(targets.users[order], targets.items[order])


def baseline_ranks(
    beauty: Beauty, names: Sequence[str]
) -> Iterator[tuple[str, dict[str, Any], NDArray[np.float64]]]:
    """Tune baselines on the second last items, and rank the last.

    Yields:
        Name, settings, and ranks (n_users,) of each.
    """
    validation = cutoff_before(beauty, 1, SEED, TUNING_USERS)
    test, tell = cutoff_before(beauty, 0, SEED), partial(print, flush=True)
    by_user = np.argsort(test.cases.users)
    for name in (each.name for each in baselines_named(names)):
        tuned, _ = tuned_baselines(validation, test.history, tell, baselines_named([name]))
        *_, (each, model) = zip(tuned, refitted(test, tuned, tell), strict=True)
        yield model.name, dict(each.settings), ranks_at(model, test).ranks[by_user]


def numbers(ranks: Ranks, settings: Mapping[str, Any]) -> dict[str, Any]:
    """Average HR and NDCG at 5 and 10 over users and seeds, and compare with the fresh ranker.

    Intervals come from a bootstrap over users and the seeds of the ranker.
    """
    users = np.arange(len(ranks[FRESH][0]))
    gains = {
        name: np.stack([metrics.ndcg(each, 10) for each in of_model], axis=1)
        for name, of_model in ranks.items()
    }
    models = {}
    for name, of_model in ranks.items():
        ahead = gains[FRESH] - gains[name]  # a baseline has one seed, which is compared with each
        models[name] = {
            f"{measure}@{k}": float(np.mean([function(each, k) for each in of_model]))
            for k in (5, 10)
            for measure, function in MEASURES.items()
        } | {
            "fresh_ranker_ahead": metrics.interval_over_seeds(ahead, users)._asdict(),
            "settings": settings.get(name, {}),
        }
    return models
