"""SLIM, against the conditions that its weights have to meet."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.evaluate.baselines.slim import SLIM
from tests.support.timelines import history

pytestmark = pytest.mark.pipeline


def test_with_one_partner_the_weight_is_known_in_closed_form() -> None:
    # n = 2 for item 0, 3 for item 1, both of two users; item 2 is alone
    known = history([(0, 0), (0, 1), (1, 0), (1, 1), (2, 1), (3, 2)], n_users=4, n_items=4)
    scores = SLIM.fit(known, l1=0.5, l2=1.0).catalog_scores(np.arange(4))
    to_first, to_second = (2 - 0.5) / (3 + 1), (2 - 0.5) / (2 + 1)
    assert scores[0] == pytest.approx([to_first, to_second, 0, 0], abs=1e-4)
    assert scores[2] == pytest.approx([to_first, 0, 0, 0], abs=1e-4)
    assert scores[3].tolist() == [0, 0, 0, 0]


def test_a_penalty_above_what_items_share_leaves_no_weight() -> None:
    known = history([(0, 0), (0, 1), (1, 0), (1, 1)], n_users=2, n_items=2)
    assert not SLIM.fit(known, l1=2.0, l2=1.0).catalog_scores(np.arange(2)).any()


def test_weights_are_the_best_ones_of_a_regression_on_all_items() -> None:
    random, n_users, n_items, l1, l2 = np.random.default_rng(3), 60, 12, 0.4, 2.0
    had = random.random((n_users, n_items)) < 0.15
    had[-n_items:] = np.eye(n_items)  # so that the scores of the last users are the weights
    pairs = [(int(user), int(item)) for user, item in np.argwhere(had)]
    scores = SLIM.fit(history(pairs, n_users, n_items), l1, l2).catalog_scores(np.arange(n_users))
    weights, matrix = scores[-n_items:].astype(np.float64), had.astype(np.float64)
    slope = matrix.T @ (matrix @ weights - matrix) + l2 * weights + l1
    np.fill_diagonal(slope, 0.0)
    assert (weights >= 0).all()
    assert not weights.diagonal().any()
    assert slope.min() > -0.05
    assert np.abs(slope[weights > 0]).max() < 0.05


def test_a_catalog_of_too_many_items_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    known = history([(0, 0), (0, 1), (1, 2)], n_users=2, n_items=5)
    assert SLIM.refuses(known) == ""
    monkeypatch.setattr("pipeline.evaluate.baselines.slim.MAX_ITEMS", 2)
    assert "3 items with history" in SLIM.refuses(known)
