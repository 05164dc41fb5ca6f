"""Affinities of histories, against hand-computed answers and a dense matrix product."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pytest

from recsys.history import History
from recsys.item_similarities import stack_similarities
from scoring.affinities import Affinities
from tests.support.similarities import (
    affinities_of,
    dense_affinities,
    random_histories,
    random_similarities,
    random_weights,
    two_similarities,
)


def affected(*history: int, weights: Sequence[float] = ()) -> tuple[np.ndarray, np.ndarray]:
    """What a history says by two similarities."""
    nothing = np.zeros(1, dtype=np.int64), np.empty(0, dtype=np.int32)
    affinities = Affinities(two_similarities(), *nothing)
    return affinities.of_history(np.array(history, dtype=np.int32), np.float32(weights))


def test_affinities_of_two_items_follow_the_formula() -> None:
    rows, phi = affected(0, 2)
    # near: item 1 gets 2/3 * 3 + 1/3 * 6 = 4, item 3 gets 1/3 * 1.5; far is negative.
    assert rows.tolist() == [1, 3]
    np.testing.assert_allclose(phi, np.log1p([[4.0, 0.0], [0.5, 0.0]]), rtol=1e-6)


def test_an_item_that_is_only_spoken_against_is_not_affected() -> None:
    rows, phi = affected(0)
    assert rows.tolist() == [1]
    np.testing.assert_allclose(phi, np.log1p([[3.0, 0.0]]), rtol=1e-6)


def test_an_empty_history_affects_nothing() -> None:
    rows, phi = affected()
    assert rows.shape == (0,)
    assert phi.shape == (0, 2)


def test_an_item_that_counts_for_less_says_less_and_ages_others_less() -> None:
    # Weights 1 and 0.3, the older one aged by 1 (a half): 1 / 1.15 and 0.15 / 1.15.
    rows, phi = affected(0, 2, weights=[1, 0.3])
    assert rows.tolist() == [1, 3]
    near = np.array([3 * 1 + 6 * 0.15, 1.5 * 0.15]) / 1.15
    np.testing.assert_allclose(phi[:, 0], np.log1p(near), rtol=1e-6)
    # The other way round, item 0 is aged by 0.3 only.
    rows, phi = affected(2, 0, weights=[0.3, 1])
    aged = 2**-0.3
    near = np.array([6 * 0.3 + 3 * aged, 1.5 * 0.3]) / (0.3 + aged)
    np.testing.assert_allclose(phi[:, 0], np.log1p(near), rtol=1e-6)


def test_a_hidden_item_speaks_against_what_is_like_it_and_ages_nothing() -> None:
    # Item 0 is hidden: near says 6 - 3 of item 1 and 1.5 of item 3, far 9 of item 3.
    rows, phi = affected(0, 2, weights=[-1, 1])
    assert rows.tolist() == [1, 3]
    np.testing.assert_allclose(phi, np.log1p([[3.0, 0.0], [1.5, 9.0]]), rtol=1e-6)


def test_hidden_items_alone_say_nothing() -> None:
    rows, phi = affected(0, 2, weights=[-1, -1])
    assert len(rows) == len(phi) == 0


def test_weights_of_one_give_the_bits_of_no_weights() -> None:
    similarities, history = random_similarities(), random_histories()
    ones = history._replace(weights=np.ones(len(history.items), dtype=np.float32))
    found, expected = (
        dense_affinities(similarities, each, np.arange(40)) for each in (ones, history)
    )
    assert found.tobytes() == expected.tobytes()


def test_affinities_equal_a_dense_matrix_product() -> None:
    similarities, history = random_similarities(), random_histories()
    dense = np.zeros((3, 70, 70))
    for row in range(3 * 70):
        span = slice(similarities.starts[row], similarities.starts[row + 1])
        dense[row % 3, row // 3, similarities.neighbors[span]] = similarities.weights[span]
    found = dense_affinities(similarities, history, np.arange(40))
    for user in range(40):
        items = history.of(user)
        shares = np.exp(-similarities.recency_decay[:, None] * np.arange(len(items)))
        shares /= shares.sum(axis=1, keepdims=True)
        expected = np.log1p(np.maximum(np.einsum("ch,chj->jc", shares, dense[:, items]), 0))
        np.testing.assert_allclose(found[user], expected, atol=1e-6)


@pytest.mark.parametrize("history", [random_histories(), random_weights(random_histories())])
def test_one_user_pairs_and_a_used_workspace_give_the_same_bits(history: History) -> None:
    similarities = random_similarities()
    dense = dense_affinities(similarities, history, np.arange(40))
    for user in range(40):
        rows, phi = affinities_of(similarities, history).of_user(user)
        alone = np.zeros_like(dense[user])
        alone[rows] = phi
        np.testing.assert_array_equal(alone, dense[user])
    users, items = (np.random.default_rng(2).integers(n, size=500) for n in (40, 70))
    pairs = affinities_of(similarities, history).of_pairs(users, items)
    np.testing.assert_array_equal(pairs, dense[users, items])


@pytest.mark.parametrize("history", [random_histories(), random_weights(random_histories())])
def test_top_items_are_those_of_largest_affinity_with_ties_by_lower_row(history: History) -> None:
    similarities = random_similarities()
    dense = dense_affinities(similarities, history, np.arange(40))
    top = affinities_of(similarities, history).top_items(np.arange(40), 7)
    for user in range(40):
        for similarity in range(3):
            values = dense[user, :, similarity]
            best = np.lexsort((np.arange(70), -values))[:7]
            expected = [row if values[row] > 0 else -1 for row in best]
            assert top[user, similarity].tolist() == expected


def test_equal_affinities_are_listed_by_lower_row() -> None:
    entries = (np.zeros(3, int), np.zeros(3, int), np.array([3, 1, 2]), np.ones(3))
    similarities = stack_similarities(["same"], np.zeros(1), entries, 4)
    affinities = Affinities(similarities, np.array([0, 1]), np.zeros(1, dtype=np.int32))
    assert affinities.top_items(np.arange(1), 2).tolist() == [[[1, 2]]]
