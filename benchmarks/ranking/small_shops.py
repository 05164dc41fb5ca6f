"""What the ranker and its baselines are worth to small shops, drawn from the users of a large one.

    python -m benchmarks small-shops --name "Electronics 2023" --users 300 --shops 10

Each shop has some of the users, drawn at random, with all their reviews and the items in them; shops share no
user. Models learn, baselines are tuned, and all are asked about validation and test days, in each shop
as in a whole data set. The head that `python -m pipeline train` publishes is compared with its parts: the head that
the shop's own lists teach, and the prior, that of the bundled sample. Values are means over the
users of all shops together, differences on the same draws of users. Shops drawn from the sample itself would
say nothing, since the prior has seen what their users chose next.

What was measured is kept in report/small_shops.json; `python -m pipeline report` writes it into the report.
"""

from __future__ import annotations

import argparse
from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from config import Config
from pipeline.evaluate.baselines import Baseline
from pipeline.evaluate.baselines.blends import BLENDS
from pipeline.evaluate.baselines.neighbors import ITEM_KNN
from pipeline.evaluate.baselines.popularity import TUNED
from pipeline.evaluate.cutoff import FRESH, TUNING, Cutoff, cutoff
from pipeline.evaluate.models import tuned_baselines
from pipeline.evaluate.ranking_model import RankingModel, ranks_at
from pipeline.evaluate.stage import write_metrics
from pipeline.evaluate.timeline import read_timeline
from pipeline.evaluate.tuning import fitted
from pipeline.report.studies import SMALL_SHOPS, read_study, small_shops
from pipeline.train.five_star.bias_choice import choose_item_shrinkage
from pipeline.train.progress import silently
from pipeline.train.ranker import training
from pipeline.train.ranker.data import read_ranker_data
from pipeline.train.ranker.feature_state import Catalog, features_at
from pipeline.train.ranker.head import RankerHead, catalog_scores
from pipeline.train.ranker.lists import joined
from pipeline.train.ranker.prior import prior_head, with_prior
from pipeline.train.tensorflow_startup import start_tensorflow
from recsys import columns, metrics
from storage.artifacts import ArtifactPaths, read_clean, write_frame
from storage.artifacts.frames import read_frame
from storage.sources import artifact_paths

K: Final = 10
OWN, PRIOR, PUBLISHED = "own lists alone", "prior alone", "ranker"
BASELINES: Final[tuple[Baseline, ...]] = (TUNED, ITEM_KNN, BLENDS[0])
"""Popularity, item-kNN and both together, the strongest where shops are small."""

Ndcg = dict[str, NDArray[np.float64]]
"""NDCG@10 of each user, by the name of the model."""


def main(arguments: Sequence[str]) -> int:
    """Measure one shop after the other, keep and print the numbers."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks small-shops",
        description=__doc__.splitlines()[0] if __doc__ else None,
    )
    parser.add_argument("--name", required=True, help="name of the data")
    parser.add_argument("--users", type=int, default=300, help="of a shop (default %(default)s)")
    parser.add_argument("--shops", type=int, default=10, help="how many (default %(default)s)")
    parser.add_argument("--seed", type=int, default=7)
    args = parser.parse_args(arguments)
    start_tensorflow()
    found: list[tuple[int, dict[str, Ndcg]]] = []
    paths = artifact_paths(Config.from_environment())
    for number, shop in enumerate(shops(paths, args.users, args.shops, args.seed), 1):
        print(f"shop {number} of {args.shops}", flush=True)
        found.append(measure(shop, args.seed))
    measured = {"users": args.users, "shops": len(found), **numbers(found)}
    kept = read_study(SMALL_SHOPS)
    kept.setdefault(args.name, {})[str(args.users)] = measured
    write_metrics(kept, SMALL_SHOPS)
    print(small_shops({args.name: {"small_shops": kept[args.name]}}))
    return 0


def shops(paths: ArtifactPaths, n_users: int, n_shops: int, seed: int) -> Iterator[ArtifactPaths]:
    """Draw shops that share no user, and write one after the other what training reads of them."""
    clean = read_clean(paths.clean)
    items = [read_frame(paths.item_desc), read_frame(paths.item_price)[[columns.PRICE]]]
    people = np.random.default_rng(seed).permutation(clean[columns.USER].dropna().unique())
    for first in range(0, min(n_shops * n_users, len(people)), n_users):
        own = clean[clean[columns.USER].isin(people[first : first + n_users])]
        with TemporaryDirectory() as folder:
            shop = ArtifactPaths.in_folders(*[Path(folder)] * 3)
            write_frame(own.reset_index(drop=True), shop.clean)
            for frame, path in zip(items, (shop.item_desc, shop.item_price), strict=True):
                write_frame(frame[frame.index.isin(own[columns.ITEM])], path)
            yield shop


def measure(paths: ArtifactPaths, seed: int) -> tuple[int, dict[str, Ndcg]]:
    """Train and tune in a shop.

    Returns:
        The lists that taught the head for the test days, and what each model reached by days.
    """
    from pipeline.train.ranker.fitting import RankerPlan, fit_head

    shop, data = read_timeline(paths), read_ranker_data(paths)
    plan = RankerPlan(seed=seed)
    shrinkage = choose_item_shrinkage(data.interactions, shop.n_items).item_shrinkage
    folds = training.make_folds(data, shrinkage, silently, seed)
    earlier = folds[training.BEFORE_VALIDATION]
    scale, _ = training.choose_decay_scale(earlier, folds[-1], plan, silently)
    validation, reached = cutoff(shop, TUNING), dict[str, Ndcg]()
    for days, at, taught in (
        ("validation", validation, earlier),
        ("test", cutoff(shop, FRESH), folds),
    ):
        lists = joined(training.lists_of(taught, scale, seed))
        n_lists, own = len(lists.users), fit_head(lists, plan)
        heads = {PUBLISHED: with_prior(own, n_lists), OWN: own, PRIOR: prior_head()}
        models = [*_scored(heads, at, data.catalog, shrinkage, scale), *_baselines(validation, at)]
        reached[days] = {model.name: _ndcg(model, at) for model in models}
    return n_lists, reached


def numbers(found: Sequence[tuple[int, dict[str, Ndcg]]]) -> dict[str, Any]:
    """Average over the users of all shops, and compare with the published head."""
    models: dict[str, dict[str, Any]] = {}
    for days in found[0][1]:
        pooled = {
            name: np.concatenate([reached[days][name] for _, reached in found])
            for name in found[0][1][days]
        }
        for name, ndcg in pooled.items():
            ahead = metrics.interval(pooled[PUBLISHED] - ndcg, np.arange(len(ndcg)))
            models.setdefault(name, {})[days] = {
                "ndcg@10": float(ndcg.mean()),
                "ranker_ahead": ahead._asdict(),
            }
    return {
        "lists": round(float(np.mean([n_lists for n_lists, _ in found]))),
        "test_users": sum(len(reached["test"][PUBLISHED]) for _, reached in found),
        "models": models,
    }


def _scored(
    heads: dict[str, RankerHead], at: Cutoff, catalog: Catalog, shrinkage: float, scale: float
) -> Iterator[RankingModel]:
    state = features_at(at.history.rows, catalog, shrinkage, scale)
    for name, head in heads.items():
        yield RankingModel(name, partial(catalog_scores, head, state))


def _baselines(validation: Cutoff, at: Cutoff) -> Iterator[RankingModel]:
    tuned, _ = tuned_baselines(validation, at.history, lambda _: None, BASELINES)
    for each in tuned:
        yield fitted(each.baseline, each.settings, at.history)


def _ndcg(model: RankingModel, at: Cutoff) -> NDArray[np.float64]:
    ranks = ranks_at(model, at).known_ranks[at.warm]
    return metrics.user_means(ranks, at.cases.users[at.warm], K).ndcg
