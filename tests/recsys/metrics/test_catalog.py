"""Metrics of lists over the catalog against sums that a reader can redo."""

from __future__ import annotations

import numpy as np
import pytest

from recsys import metrics

LISTS = np.array([[0, 1, 2], [0, 1, -1], [0, 3, -1]])


def test_coverage_counts_each_item_once_and_short_lists_not_at_all() -> None:
    assert metrics.coverage(LISTS, n_items=8) == 0.5


def test_novelty_is_the_mean_surprise_of_all_places() -> None:
    # of 4 users 2, 1, 1 have items 0 to 2, and nobody has item 3: 1, 2, 2 and 3 bits
    shares = metrics.item_shares(np.array([0, 0, 1, 2]), n_users=4, n_items=4)
    assert shares.tolist() == [0.5, 0.25, 0.25, 0.125]
    assert metrics.novelty(LISTS, shares) == pytest.approx((3 * 1 + 2 * 2 + 2 + 3) / 7)


def test_gini_by_hand() -> None:
    # places 0, 1, 1, 2, 3 of five items: (-4 * 0 - 2 * 1 + 0 * 1 + 2 * 2 + 4 * 3) / (5 * 7)
    assert metrics.gini(np.array([[0, 0, 0, 1, 1, 2, 3]]), n_items=5) == pytest.approx(14 / 35)


def test_gini_nears_one_where_one_item_gets_every_place() -> None:
    assert metrics.gini(np.zeros((9, 1), dtype=int), n_items=100) == pytest.approx(0.99)


def test_intra_list_similarity_by_hand() -> None:
    vectors = np.array([[2, 0], [3, 4], [0, 9], [0, 0], [-1, 0]], dtype=np.float32)
    # cosines of the first list: 0.6, 0, 0.8; of the second: 0.6, without the zero vector
    lists = np.array([[0, 1, 2], [0, 1, 3], [2, -1, -1], [3, 2, -1]])
    expected = ((0.6 + 0 + 0.8) / 3 + 0.6) / 2
    assert metrics.intra_list_similarity(lists, vectors) == pytest.approx(expected)
    assert metrics.intra_list_similarity(np.array([[0, 4]]), vectors) == pytest.approx(-1)
    assert np.isnan(metrics.intra_list_similarity(lists[2:], vectors))


def test_intra_list_similarity_of_many_lists_is_the_mean_over_their_pairs() -> None:
    draw = np.random.default_rng(5)
    vectors = draw.normal(size=(50, 4)).astype(np.float32)
    lists = np.array([draw.permutation(50)[:4] for _ in range(2_100)])
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    cosines = unit @ unit.T
    pairs = [cosines[a, b] for row in lists for i, a in enumerate(row) for b in row[:i]]
    assert metrics.intra_list_similarity(lists, vectors) == pytest.approx(np.mean(pairs))
