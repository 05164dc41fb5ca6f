"""What each similarity and each group of columns is worth to the ranker: fitted without it.

    python -m benchmarks ablations --name "Electronics 2023"

One head is fitted on everything that it may read, and one without each input and each group of
inputs, from the same lists, seed and decay scale. They learn from the folds before the validation days,
and rank for the same users on the validation days and on the test days, with all that was known
before each. So no head saw the days it is judged on, and differences are those of one input, on the same
draws of users. Inputs that say much the same stand in for each other: that a single one is worth little
doesn't mean that all of its group are. A similarity that is left out still proposes candidates for the
lists that teach.

What was measured is kept in report/ablations.json; `python -m pipeline report` writes it into the report.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterator, Mapping, Sequence
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from config import Config
from pipeline.evaluate.stage import write_metrics
from pipeline.report.markdown_tables import SAMPLE
from pipeline.report.studies import ABLATIONS, ablations, read_study
from pipeline.train.five_star.bias_choice import choose_item_shrinkage
from pipeline.train.ranker import training
from pipeline.train.ranker.data import RankerData, read_ranker_data
from pipeline.train.ranker.feature_state import RECENCY_DECAY, FeatureState, features_at
from pipeline.train.ranker.head import RankerHead, catalog_scores
from pipeline.train.ranker.item_columns import ITEM_COLUMNS, known_items
from pipeline.train.ranker.lists import MAX_LISTS, Targets, TrainingLists, targets_of
from pipeline.train.ranker.validation import ranks_of, sample_users
from pipeline.train.tensorflow_startup import start_tensorflow
from recsys import metrics
from recsys.features.user_profile import PROFILE_COLUMNS
from recsys.interactions import Interactions
from recsys.split import temporal_cuts
from storage.sources import artifact_paths

K: Final = 10
CONTENT: Final = ("tf", "ml")
PREFIXES: Final = {
    "log_count": "popularity",
    "rating": "ratings",
    "five_star": "ratings",
    "log_price": "price",
}
"""The group of an item column by how its name begins; any other column is a group of its own."""


class Asked(NamedTuple):
    """Days to judge by.

    Attributes:
        state: What is known before them.
        before: The interactions before them.
        targets: What users chose in them.
    """

    state: FeatureState
    before: Interactions
    targets: Targets


def main(arguments: Sequence[str]) -> int:
    """Fit with and without each input, keep and print what it is worth."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks ablations",
        description=__doc__.splitlines()[0] if __doc__ else None,
    )
    parser.add_argument("--name", default=SAMPLE, help="name of the data (default %(default)s)")
    parser.add_argument("--seed", type=int, default=7)
    parser.add_argument("--users", type=int, default=3_000, help="most users to judge by")
    parser.add_argument("--lists", type=int, default=MAX_LISTS, help="most lists of a fold")
    args, started = parser.parse_args(arguments), time.monotonic()
    data = read_ranker_data(artifact_paths(Config.from_environment()))
    start_tensorflow()
    for found in measure(data, left_out(), args.seed, args.users, args.lists):
        measured = {"seed": args.seed, **found, "seconds": round(time.monotonic() - started)}
        write_metrics(read_study(ABLATIONS) | {args.name: measured}, ABLATIONS)
    print(ablations({args.name: {"ablations": measured}}))
    return 0


def measure(
    data: RankerData,
    groups: Mapping[str, Sequence[int]],
    seed: int,
    most_users: int,
    most_lists: int = MAX_LISTS,
) -> Iterator[dict[str, Any]]:
    """Compare the head that reads everything with those that don't.

    Args:
        data: What the ranker learns from.
        groups: Names of what is left out, and the places of these inputs.
        seed: Of draws and first weights.
        most_users: Users to judge by, at most.
        most_lists: Lists of a fold to learn from, at most.

    Yields:
        What was measured so far, after each group.
    """
    from pipeline.train.ranker.fitting import RankerPlan

    plan, earlier = RankerPlan(seed=seed), training.BEFORE_VALIDATION
    shrinkage = choose_item_shrinkage(data.interactions, data.catalog.n_items).item_shrinkage
    folds = training.make_folds(data, shrinkage, _tell, seed)
    decay_scale, _ = training.choose_decay_scale(folds[earlier], folds[-1], plan, _tell)
    lists = training.lists_of(folds[earlier], decay_scale, seed, most_lists)
    del folds
    asked = judged_days(data, shrinkage, decay_scale, most_users, seed)

    def gains(inputs: Sequence[int]) -> dict[str, NDArray[np.float64]]:
        head = training.fit([without(part, inputs) for part in lists], plan, _tell)
        return {days: ndcg(blind(head, inputs), each) for days, each in asked.items()}

    full = gains([])
    measured: dict[str, Any] = {
        "decay_scale": decay_scale,
        "lists": sum(len(part.users) for part in lists),
        "users": {days: len(of) for days, of in full.items()},
        "all": {days: float(of.mean()) for days, of in full.items()},
        "without": {},
    }
    for name, inputs in groups.items():
        measured["without"][name] = {
            days: worth(full[days], of) for days, of in gains(inputs).items()
        }
        yield measured


def left_out() -> dict[str, list[int]]:
    """Name each group of inputs and each single one, with its places among those of the head."""
    similarities = list(RECENCY_DECAY)
    names = [*ITEM_COLUMNS, *similarities, *PROFILE_COLUMNS]
    first_profile = len(ITEM_COLUMNS) + len(similarities)
    groups: dict[str, list[int]] = {
        "all similarities": list(range(len(ITEM_COLUMNS), first_profile)),
        "similarities of what people chose": [
            names.index(name) for name in similarities if name not in CONTENT
        ],
        "similarities of content": [names.index(name) for name in CONTENT],
    }
    groups |= {f"similarity {name}": [names.index(name)] for name in similarities}
    groups["all columns"] = list(range(len(ITEM_COLUMNS)))
    for name in ITEM_COLUMNS:
        groups.setdefault(_group(name), []).append(names.index(name))
    groups["the user's profile"] = list(range(first_profile, len(names)))
    return groups


def judged_days(
    data: RankerData, shrinkage: float, decay_scale: float, most_users: int, seed: int
) -> dict[str, Asked]:
    """Stand before the validation days and before the test days."""
    days, cuts = data.interactions.days, temporal_cuts(data.interactions.days)
    spans = {
        "validation": (cuts.train_end_day, cuts.validation_end_day),
        "test": (cuts.validation_end_day, days.max() + 1),
    }
    asked = {}
    for name, (first, end) in spans.items():
        before = data.interactions.where(days < first)
        state = features_at(before, data.catalog, shrinkage, decay_scale)
        later = data.interactions.where((days >= first) & (days < end))
        targets = targets_of(later, state.history, known_items(state.columns))
        asked[name] = Asked(state, before, sample_users(targets, most_users, seed))
    return asked


def without(lists: TrainingLists, inputs: Sequence[int]) -> TrainingLists:
    """Show a head the same value of some inputs everywhere, from which it can learn nothing."""
    features = lists.features.copy()
    features[..., list(inputs)] = 0
    return lists._replace(features=features)


def blind(head: RankerHead, inputs: Sequence[int]) -> RankerHead:
    """Take from a head the first weights of inputs that it never saw change."""
    linear, hidden = head.linear.copy(), head.hidden.copy()
    linear[list(inputs)], hidden[list(inputs)] = 0, 0
    return RankerHead(linear, hidden, head.bias, head.output)


def ndcg(head: RankerHead, asked: Asked) -> NDArray[np.float64]:
    """Compute NDCG@10 of each user, users ascending."""
    known = known_items(asked.state.columns)
    ranks = ranks_of(partial(catalog_scores, head, asked.state), asked.before, asked.targets, known)
    return metrics.user_means(ranks, asked.targets.users, K).ndcg


def worth(full: NDArray[np.float64], less: NDArray[np.float64]) -> Mapping[str, float]:
    """Average what is lost without an input, on the same draws of users (n,)."""
    return metrics.interval(full - less, np.arange(len(full)))._asdict()


def _group(column: str) -> str:
    found = (group for start, group in PREFIXES.items() if column.startswith(start))
    return f"columns of {next(found, column)}"


def _tell(step: str, done: int = 0, total: int = 0, detail: str = "") -> None:
    print(f"  {step} {done}/{total} {detail}", end="\r", flush=True)
