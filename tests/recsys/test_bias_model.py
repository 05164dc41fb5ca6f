"""The bias model equals sums done by hand, and predicts within bounds."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.bias_model import fit_bias_model


def test_first_sweep_is_the_shrunk_mean_of_what_is_left(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("recsys.bias_model.N_SWEEPS", 1)
    users, items = np.array([0, 0, 1, 1]), np.array([0, 1, 0, 1])
    liked = np.array([True, True, True, False])  # b = .75
    model = fit_bias_model(users, items, liked, (2, 2), shrinkage=(2.0, 1.0))
    of_users = [(0.25 + 0.25) / 4, (0.25 - 0.75) / 4]
    assert model.base == 0.75
    assert model.users == pytest.approx(of_users)
    of_item_0 = (0.25 - of_users[0] + 0.25 - of_users[1]) / 3
    assert model.items == pytest.approx([of_item_0, (0.25 - of_users[0] - 0.75 - of_users[1]) / 3])
    assert model.predict(np.array([0]), np.array([0])) == pytest.approx(
        [min(0.75 + of_users[0] + of_item_0, 1.0)]
    )


def test_anonymous_ratings_count_for_their_item_alone() -> None:
    model = fit_bias_model(
        np.array([-1, -1, 0]), np.array([0, 0, 1]), np.array([True, True, False]), (1, 2)
    )
    assert model.items[0] > 0 > model.items[1]
    assert model.predict(np.array([-1]), np.array([0])) == pytest.approx(model.five_star_rates[:1])


def test_unknown_pairs_get_the_base_rate() -> None:
    model = fit_bias_model(np.array([0]), np.array([0]), np.array([True]), (2, 2))
    assert model.predict(np.array([1, -1]), np.array([1, -1])).tolist() == [1.0, 1.0]


def test_no_ratings_give_a_model_that_expects_nothing() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    model = fit_bias_model(nothing, nothing, np.zeros(0, dtype=bool), (2, 3))
    assert model.five_star_rates.tolist() == [0, 0, 0]
