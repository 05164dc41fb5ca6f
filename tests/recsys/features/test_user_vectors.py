"""Users as means of vectors, against hand-computed answers."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.features.user_vectors import (
    newest_positions,
    recency_weights,
    user_item_vectors,
    weighted_means,
)
from recsys.features.vectors import half_precision, unit_length
from recsys.history import History, histories
from recsys.kinds import HIDE, PURCHASE, VIEW

AXES = np.eye(3, dtype=np.float32)


def test_newest_review_of_each_user_has_position_zero() -> None:
    assert newest_positions(np.array([1, 0, 1, 0, 0])).tolist() == [1, 2, 0, 1, 0]


def test_recency_weights_fall_by_fourteen_percent_a_review() -> None:
    # exp(-0.15) = 0.860708, exp(-0.30) = 0.740818
    assert recency_weights(np.array([0, 1, 2])) == pytest.approx([1.0, 0.860708, 0.740818])


def test_user_vector_is_the_recency_weighted_mean_at_length_one() -> None:
    # Item 0 newest, item 1 before it: (1, 0.860708, 0) has length 1.319411.
    history = histories(np.zeros(2, int), np.array([1, 0]), np.array([10, 11]), n_users=1)
    means = user_item_vectors(history, AXES)
    assert means[0] == pytest.approx([0.757914, 0.652343, 0.0], abs=2**-12)  # half precision


def test_user_vector_counts_an_item_once_and_only_the_newest_fifty() -> None:
    vectors = np.eye(60, dtype=np.float32)
    items = np.array([3, *range(60), 3])  # item 3 first, again, and last of all
    history = histories(np.zeros(62, int), items, np.arange(62), n_users=1)
    (mean,) = user_item_vectors(history, vectors)
    expected = np.zeros(60)
    newest = [3, *range(59, 10, -1)]
    expected[newest] = np.exp(-0.15 * np.arange(50))
    np.testing.assert_allclose(mean, expected / np.linalg.norm(expected), atol=2**-12)


def test_user_with_one_item_has_exactly_its_vector() -> None:
    means = weighted_means(np.array([1]), np.array([2]), np.ones(1), AXES, n_users=2)
    assert means.tolist() == [[0, 0, 0], [0, 0, 1]]
    assert means.dtype == np.float32


def test_no_reviews_at_all_give_zeros() -> None:
    nothing = np.zeros(0, dtype=np.int64)
    assert newest_positions(nothing).shape == (0,)
    assert user_item_vectors(History.of_one(nothing), AXES).tolist() == [[0] * 3]
    assert weighted_means(nothing, nothing, np.zeros(0), AXES, 2).tolist() == [[0] * 3] * 2
    assert weighted_means(nothing, nothing, np.zeros(0), AXES, 0).shape == (0, 3)


def test_items_without_text_leave_a_user_at_zero() -> None:
    means = weighted_means(np.zeros(2, int), np.arange(2), np.ones(2), np.zeros((2, 3)), 1)
    assert means.tolist() == [[0, 0, 0]]


@given(st.lists(st.tuples(st.integers(0, 3), st.integers(0, 5), st.integers(0, 2)), max_size=25))
def test_order_of_rows_does_not_matter(rows: list[tuple[int, int, int]]) -> None:
    vectors = np.random.default_rng(1).normal(size=(6, 4)).astype(np.float16)
    distinct = np.array(sorted(set(rows)), dtype=np.int64).reshape(-1, 3)
    shuffled = np.random.default_rng(2).permutation(distinct)

    def described(table: np.ndarray) -> np.ndarray:
        users, items, positions = table.T
        return weighted_means(users, items, recency_weights(positions), vectors, n_users=4)

    np.testing.assert_array_equal(described(distinct), described(shuffled))


def test_users_of_different_blocks_are_described_alike() -> None:
    n_users = 10_000  # more than two blocks
    users = np.repeat(np.arange(n_users), 2)
    items = np.tile([0, 1], n_users)
    means = weighted_means(users, items, np.ones(2 * n_users), AXES, n_users)
    np.testing.assert_allclose(means, np.tile([[0.5**0.5, 0.5**0.5, 0]], (n_users, 1)), rtol=1e-6)


def test_unit_length_leaves_zeros_alone() -> None:
    assert unit_length(np.array([[3.0, 4.0], [0.0, 0.0]])) == pytest.approx(
        np.array([[0.6, 0.8], [0.0, 0.0]])
    )


def test_half_precision_keeps_float32_columns_that_half_the_bits_can_hold() -> None:
    vectors = np.random.default_rng(0).normal(size=(50, 384)).astype(np.float32)
    rounded = half_precision(vectors)
    assert rounded.dtype == np.float32
    np.testing.assert_array_equal(rounded.astype(np.float16).astype(np.float32), rounded)
    np.testing.assert_allclose(rounded, vectors, rtol=2**-11, atol=1e-7)


def test_views_pull_a_user_less_and_hidden_items_not_at_all() -> None:
    kinds = np.array([PURCHASE, VIEW, HIDE], dtype=np.uint8)
    history = histories(np.zeros(3, int), np.arange(3), np.arange(3), 1, kinds=kinds)
    (mean,) = user_item_vectors(history, AXES)
    # The view is the newest that counts; the purchase is aged by its weight.
    expected = np.array([np.exp(-0.15 * 0.3), 0.3, 0])
    np.testing.assert_allclose(mean, expected / np.linalg.norm(expected), atol=1e-3)
