"""The ranker as the first of two stages: what it puts first is ranked again by another model."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Final, NamedTuple

import numpy as np
import pandas as pd

from pipeline.errors import PipelineError
from pipeline.evaluate.baselines.baseline import TrainingData
from pipeline.train.progress import silently
from pipeline.train.ranker.data import RankerData
from pipeline.train.ranker.feature_state import ITEM_SHRINKAGE, FeatureState, features_at
from pipeline.train.ranker.head import RankerHead, catalog_scores
from pipeline.train.ranker.lists import pair_features
from pipeline.train.ranker.training import (
    BEFORE_VALIDATION,
    Fold,
    choose_decay_scale,
    fit,
    lists_of,
    make_folds,
)
from pipeline.train.ranker.validation import sample_users
from recsys.arrays import BoolArray, FloatArray, Rows
from recsys.ranking import top_rows

N_FIRST: Final = 200
"""Items that are ranked again."""

USERS_A_FOLD: Final = 1_000


class FirstItems(NamedTuple):
    """What the first stage puts first, with what it reads of it, for some users.

    Attributes:
        places: (n,) the place among the users asked for of each item's, ascending.
        items: (n,) item rows, at most `N_FIRST` a user, best first.
        features: (n, f) float32, as `pair_features` gathers them.
        scores: (n,) float32 of the first stage.
    """

    places: Rows
    items: Rows
    features: FloatArray
    scores: FloatArray


@dataclass(frozen=True)
class FirstStage:
    """A ranker, trained on some data as the one in service is on all.

    Attributes:
        head: Its weights.
        state: Its features at the end of the data.
        taught: Of each fold what it puts first for some users, and which of that they chose next.
    """

    head: RankerHead
    state: FeatureState
    taught: tuple[tuple[FirstItems, BoolArray], ...]

    def scores(self, users: Rows) -> FloatArray:
        """Score all items for some users (m,): (m, n_items) float32."""
        return catalog_scores(self.head, self.state, users)


def first_stage(data: TrainingData) -> FirstStage:
    """Train the ranker on some data, and rank by it for users of its folds.

    Raises:
        pipeline.errors.NotTrainableError: The data can't teach a ranker.
    """
    from pipeline.train.ranker.fitting import RankerPlan

    if data.catalog is None:
        raise PipelineError("What the ranker reads of items isn't known here.")
    items, plan = data.catalog(), RankerPlan(seed=data.seed)
    ranker_data = RankerData(data.rows, items, pd.RangeIndex(data.n_items), data.item_vectors)
    folds = make_folds(ranker_data, ITEM_SHRINKAGE, silently, plan.seed)
    decay_scale, _ = choose_decay_scale(folds[BEFORE_VALIDATION], folds[-1], plan, silently)
    head = fit(lists_of(folds, decay_scale, plan.seed), plan, silently)
    return FirstStage(
        head,
        features_at(data.rows, items, ITEM_SHRINKAGE, decay_scale),
        tuple(_taught(folds, head, decay_scale, plan.seed)),
    )


def first_items(scores: FloatArray, state: FeatureState, users: Rows) -> FirstItems:
    """Gather the items that come first for some users (m,), among those they don't have.

    Args:
        scores: (m, n_items) of the first stage.
        state: What it reads.
        users: The users.
    """
    lists = [
        top_rows(row, N_FIRST, state.history.of(int(user)))
        for row, user in zip(scores, users, strict=True)
    ]
    places = np.repeat(np.arange(len(users)), [len(listed) for listed in lists])
    items = np.concatenate(lists).astype(np.int64)
    features = pair_features(state, users[places], items)
    return FirstItems(places, items, features, scores[places, items])


def _taught(
    folds: Sequence[Fold], head: RankerHead, decay_scale: float, seed: int
) -> Iterator[tuple[FirstItems, BoolArray]]:
    for fold in folds:
        targets = sample_users(fold.targets, USERS_A_FOLD, seed)
        users, state = np.unique(targets.users), fold.state(decay_scale)
        first = first_items(catalog_scores(head, state, users), state, users)
        n_items = len(state.columns)
        asked = targets.users * n_items + targets.items
        yield first, np.isin(users[first.places] * n_items + first.items, asked)
