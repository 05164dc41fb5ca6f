"""Lists to learn from: the target, likely candidates, and what stands for the rest."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.train.ranker.feature_state import RECENCY_DECAY
from pipeline.train.ranker.item_columns import HAS_HISTORY, ITEM_COLUMNS, as_unreviewed
from pipeline.train.ranker.lists import UNREVIEWED_CANDIDATES, UNREVIEWED_TARGETS, make_lists
from pipeline.train.ranker.training import Fold
from tests.support.chain_artifacts import N_ITEMS

pytestmark = [
    pytest.mark.pipeline,
    # Keras 3.15 copies its variables in a way that NumPy 2 no longer likes.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


def test_lists_hold_the_target_first_and_nothing_that_was_chosen_before(folds: list[Fold]) -> None:
    state, targets = folds[-1].state(1.0), folds[-1].targets
    lists = make_lists(state, targets, seed=3, limit=20)
    assert len(lists.users) == 20
    counted = np.isfinite(lists.log_weights)
    assert counted[:, 0].all()
    shown = np.concatenate([state.columns, as_unreviewed(state.columns)])
    for row, user in enumerate(lists.users):
        own = targets.items[targets.users == user]
        columns_of_targets = shown[np.concatenate([own, N_ITEMS + own])]
        first = lists.features[row, 0, : len(ITEM_COLUMNS)]
        assert (columns_of_targets == first).all(axis=1).any()
        weight = np.exp(lists.log_weights[row][counted[row]].astype(np.float64)).sum()
        # The likely ones and what stands for the rest: all that the user hasn't chosen.
        assert weight == pytest.approx(N_ITEMS - len(state.history.of(int(user))), abs=1e-3)


def test_hidden_candidates_keep_what_is_known_of_items_without_reviews(
    folds: list[Fold], monkeypatch: pytest.MonkeyPatch
) -> None:
    state, targets = folds[-1].state(1.0), folds[-1].targets
    made = {}
    for share in (0.0, 1.0):
        monkeypatch.setattr("pipeline.train.ranker.lists.UNREVIEWED_CANDIDATES", share)
        monkeypatch.setattr("pipeline.train.ranker.lists.UNREVIEWED_TARGETS", share)
        made[share] = make_lists(state, targets, seed=3, limit=20)
    shown, hidden = made[0.0].features, made[1.0].features
    assert np.array_equal(made[0.0].log_weights, made[1.0].log_weights)
    described = dict(zip(ITEM_COLUMNS, np.moveaxis(hidden, 2, 0), strict=False))
    assert not any(described[name].any() for name in ITEM_COLUMNS[:6])
    assert np.array_equal(described["log_price"], shown[..., ITEM_COLUMNS.index("log_price")])
    n_columns, names = len(ITEM_COLUMNS), list(RECENCY_DECAY)
    assert shown[..., n_columns : n_columns + names.index("tf")].any()
    assert not hidden[..., n_columns : n_columns + names.index("tf")].any()
    assert np.array_equal(hidden[..., n_columns + names.index("tf") :], shown[..., -6:])


def test_targets_are_hidden_more_often_than_other_candidates(folds: list[Fold]) -> None:
    made = [make_lists(folds[-1].state(1.0), folds[-1].targets, seed) for seed in range(20)]
    hidden = np.concatenate([part.features[..., HAS_HISTORY] == 0 for part in made])
    n_targets, n_others = len(hidden), hidden[:, 1:].size
    for share, expected, n in (
        (hidden[:, 0].mean(), UNREVIEWED_TARGETS, n_targets),
        (hidden[:, 1:].mean(), UNREVIEWED_CANDIDATES, n_others),
    ):
        assert abs(share - expected) < 4 * np.sqrt(expected / n)
    assert hidden[:, 0].mean() > hidden[:, 1:].mean()
