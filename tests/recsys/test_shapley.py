"""Shapley values divide a total as the axioms say, and as hand-computed games do."""

from __future__ import annotations

from itertools import permutations

import numpy as np
import pytest

from recsys.shapley import shapley_values


@pytest.mark.parametrize("n_players", range(7))
def test_shares_are_what_players_add_on_average_over_all_orders_of_coming(n_players: int) -> None:
    values = np.random.default_rng(n_players).normal(size=1 << n_players)
    expected = np.zeros(n_players)
    orders = list(permutations(range(n_players)))
    for order in orders:
        coalition = 0
        for player in order:
            joined = coalition | 1 << player
            expected[player] += (values[joined] - values[coalition]) / len(orders)
            coalition = joined
    assert shapley_values(values) == pytest.approx(expected)


def test_shares_add_up_to_what_all_make_together() -> None:
    values = np.random.default_rng(0).normal(size=1 << 12)
    assert shapley_values(values).sum() == pytest.approx(values[-1] - values[0], abs=1e-12)


def test_gloves_are_shared_as_shapley_did() -> None:
    """Two own a left glove, one a right glove; a pair is worth 1."""
    pairs = [0, 0, 0, 0, 0, 1, 1, 1]
    assert shapley_values(np.array(pairs, float)) == pytest.approx([1 / 6, 1 / 6, 4 / 6])


def test_who_changes_nothing_gets_nothing_and_additive_players_get_what_they_bring() -> None:
    brings = np.array([2.0, 0.0, -3.0])
    values = np.array([sum(brings[k] for k in range(3) if s >> k & 1) for s in range(8)])
    assert shapley_values(values + 7) == pytest.approx(brings)
