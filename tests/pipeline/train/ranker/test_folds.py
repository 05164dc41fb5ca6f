"""Folds and feature states know the past alone."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.train.progress import silently
from pipeline.train.ranker import stacking, training
from pipeline.train.ranker.data import RankerData
from pipeline.train.ranker.feature_state import FeatureState, features_at
from pipeline.train.ranker.item_columns import HAS_HISTORY, ITEM_COLUMNS
from pipeline.train.ranker.lists import make_lists, targets_of
from pipeline.train.ranker.training import (
    BEFORE_VALIDATION,
    Fold,
    choose_decay_scale,
    fit,
    lists_of,
    make_folds,
    try_out,
)
from recsys.interactions import Interactions
from recsys.split import temporal_cuts
from tests.support.chain_artifacts import N_ITEMS, N_STEPS, N_USERS

pytestmark = [
    pytest.mark.pipeline,
    # Keras 3.15 copies its variables in a way that NumPy 2 no longer likes.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


def shuffled_after(rows: Interactions, day: int, seed: int) -> Interactions:
    """Give the rows from a day on to other items, with other ratings and at other times."""
    later = np.flatnonzero(rows.days >= day)
    random = np.random.default_rng(seed)
    changed = {}
    for name in ("users", "items", "ratings"):
        column = getattr(rows, name).copy()
        column[later] = column[random.permutation(later)]
        changed[name] = column
    return replace(rows, **changed)


def test_shuffling_the_future_changes_nothing_that_was_trained(data: RankerData) -> None:
    from pipeline.train.ranker.fitting import RankerPlan

    end = temporal_cuts(data.interactions.days).validation_end_day
    other = replace(data, interactions=shuffled_after(data.interactions, end, seed=5))
    assert not np.array_equal(other.interactions.items, data.interactions.items)
    plan = RankerPlan(hidden_units=4, n_heads=2, epochs=2)
    results = []
    for given in (data, other):
        folds = make_folds(given, 10.0, silently)
        lists = lists_of(folds, 1.0, seed=0)
        trial = try_out(lists[BEFORE_VALIDATION], folds[-1], 1.0, plan, silently)
        results.append((folds, lists, trial, fit(lists, plan, silently)))
    (folds, lists, trial, head), (other_folds, other_lists, other_trial, other_head) = results
    assert trial == other_trial
    for mine, theirs in zip(lists, other_lists, strict=True):
        assert np.array_equal(mine.features, theirs.features)
    for fold, other_fold in zip(folds, other_folds, strict=True):
        similarities, others = (each.state(1.0).similarities for each in (fold, other_fold))
        assert np.array_equal(similarities.weights, others.weights)
        assert np.array_equal(fold.parts.columns, other_fold.parts.columns)
    assert np.array_equal(head.linear, other_head.linear)
    assert np.array_equal(head.hidden, other_head.hidden)


def test_folds_predict_days_that_their_state_has_not_seen(folds: list[Fold]) -> None:
    for fold in folds:
        known = set(zip(fold.before.users.tolist(), fold.before.items.tolist(), strict=True))
        asked = zip(fold.targets.users.tolist(), fold.targets.items.tolist(), strict=True)
        assert len(fold.targets.users) > 0
        assert not known & set(asked)
    sizes = [len(fold.before.users) for fold in folds]
    assert sizes == sorted(sizes)
    assert sizes[-1] == pytest.approx(0.8 * N_USERS * N_STEPS, rel=0.1)


def test_folds_of_the_trial_ask_for_nothing_from_the_validation_days(folds: list[Fold]) -> None:
    before = folds[-1].before
    known = set(zip(before.users.tolist(), before.items.tolist(), strict=True))
    for fold in folds[BEFORE_VALIDATION]:
        asked = zip(fold.targets.users.tolist(), fold.targets.items.tolist(), strict=True)
        assert set(asked) <= known
    reaching = folds[BEFORE_VALIDATION.stop].targets
    asked = zip(reaching.users.tolist(), reaching.items.tolist(), strict=True)
    assert not set(asked) <= known


def test_folds_that_know_whom_training_asks_answer_as_whole_ones(
    data: RankerData, monkeypatch: pytest.MonkeyPatch
) -> None:
    from pipeline.train.ranker.fitting import RankerPlan

    few = {"MAX_LISTS": 3, "VALIDATION_USERS": 2, "DECAY_SCALE_USERS": 2, "DECAY_SCALE_LISTS": 2}
    for name, number in few.items():
        monkeypatch.setattr(training, name, number)
    monkeypatch.setattr(stacking, "SCALE_USERS", 2)
    plan = RankerPlan(hidden_units=4, n_heads=2, epochs=2, seed=5)
    whole, asked = (make_folds(data, 10.0, silently, seed) for seed in (None, plan.seed))
    answers = []
    for folds in (whole, asked):
        decay_scale, losses = choose_decay_scale(
            folds[BEFORE_VALIDATION], folds[-1], plan, silently
        )
        lists = lists_of(folds, decay_scale, plan.seed, limit=3)
        trial = try_out(lists[BEFORE_VALIDATION], folds[-1], decay_scale, plan, silently)
        answers.append((losses, [part.features.tolist() for part in lists], trial))
    assert answers[0] == answers[1]
    for all_of, some_of in zip(whole, asked, strict=True):
        n_all, n_some = (fold.state(1.0).similarities.starts[-1] for fold in (all_of, some_of))
        assert n_some < n_all


def later_items(data: RankerData) -> RankerData:
    """The same interactions, but those of the last tenth are with items of their own."""
    rows = data.interactions
    end = temporal_cuts(rows.days).validation_end_day
    items = np.where(rows.days < end, rows.items, N_ITEMS - 1 - rows.items % 3)
    early = (rows.days < end) & (rows.items >= N_ITEMS - 3)
    return replace(data, interactions=replace(rows, items=np.where(early, 0, items)))


def test_items_that_nobody_knows_yet_are_neither_targets_nor_candidates_nor_neighbors(
    data: RankerData, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("pipeline.train.ranker.lists.UNREVIEWED_CANDIDATES", 0.0)
    monkeypatch.setattr("pipeline.train.ranker.lists.UNREVIEWED_TARGETS", 0.0)
    changed, later = later_items(data), np.arange(N_ITEMS - 3, N_ITEMS)
    fold = make_folds(changed, 10.0, silently)[-1]
    assert not fold.known[later].any()
    assert not np.isin(fold.targets.items, later).any()
    state = fold.state(1.0)
    speaking = state.similarities.weights > 0
    assert not np.isin(state.similarities.neighbors[speaking], later).any()
    made = make_lists(state, fold.targets, seed=1, limit=30)
    counted = np.isfinite(made.log_weights)
    assert (made.features[..., HAS_HISTORY][counted] == 1).all()
    weight = np.exp(made.log_weights.astype(np.float64)).sum(axis=1)
    unseen = [fold.known.sum() - len(state.history.of(int(user))) for user in made.users]
    assert weight == pytest.approx(np.array(unseen), abs=1e-3)


def test_items_without_reviews_stay_neighbors_in_what_is_published(data: RankerData) -> None:
    rows = later_items(data).interactions
    early = rows.where(rows.days < temporal_cuts(rows.days).validation_end_day)
    similarities = features_at(early, data.catalog).similarities
    speaking = similarities.neighbors[similarities.weights > 0]
    assert np.isin(speaking, np.arange(N_ITEMS - 3, N_ITEMS)).any()


def test_features_at_an_empty_past_has_no_affinities_of_behavior(data: RankerData) -> None:
    rows = data.interactions
    state: FeatureState = features_at(rows.where(rows.days < 0), data.catalog)
    assert not state.columns[:, : len(ITEM_COLUMNS) - 2].any()
    assert not len(targets_of(rows, state.history, np.ones(N_ITEMS, dtype=bool)).users)
