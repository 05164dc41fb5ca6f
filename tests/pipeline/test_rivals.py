"""The rivals, on matrices small enough to know the answer."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.rivals import als, first_of_pair, popularity, ratings_matrix
from pipeline.training_data import Interactions

pytestmark = pytest.mark.pipeline


def interactions(rows: list[tuple[int, int, float]]) -> Interactions:
    """Reviews (person, item, rating), a day apart; persons from 0 on are known users."""
    persons, items, ratings = (np.array(column) for column in zip(*rows, strict=True))
    return Interactions(
        persons=persons,
        users=persons,
        items=items,
        ratings=ratings.astype(np.float32),
        days=np.arange(len(rows), dtype=np.int32),
        parts=np.zeros(len(rows), dtype=np.int8),
    )


def test_popularity_counts_the_reviews_of_each_item_whoever_wrote_them() -> None:
    rows = interactions([(0, 2, 5), (1, 2, 1), (-1, 2, 5), (1, 0, 3), (0, -1, 5)])
    contender = popularity(rows, n_items=3)
    assert contender.catalog_scores(np.array([0, 7])).tolist() == [[1, 0, 3], [1, 0, 3]]
    assert contender.pair_scores(np.array([0, 1]), np.array([2, 1])).tolist() == [3, 0]


def test_first_review_of_a_pair_counts_and_anonymous_ones_are_never_repeats() -> None:
    rows = interactions([(0, 1, 5), (0, 1, 2), (-1, 1, 5), (-1, 1, 5), (1, 1, 4), (0, -1, 5)])
    assert first_of_pair(rows).tolist() == [True, False, True, True, True, True]


def test_ratings_matrix_holds_the_first_rating_of_known_pairs() -> None:
    rows = interactions([(0, 1, 5), (0, 1, 2), (-1, 1, 5), (1, 0, 4), (1, -1, 3)])
    assert ratings_matrix(rows, n_users=2, n_items=3).toarray().tolist() == [[0, 5, 0], [4, 0, 0]]


def checker_board(n_users: int, n_items: int) -> Interactions:
    """Even users reviewed all even items and odd users all odd items, but for one each."""
    return interactions(
        [
            (user, item, 5.0)
            for user in range(n_users)
            for item in range(user % 2, n_items, 2)
            if item != withheld(user, n_items)
        ]
    )


def withheld(user: int, n_items: int) -> int:
    return (user + 2 * (user // 2)) % n_items


def test_als_ranks_the_withheld_item_of_a_checker_board_before_all_others() -> None:
    n_users, n_items = 40, 10
    rows = checker_board(n_users, n_items)
    scores = als(rows, n_users, n_items, seed=1).catalog_scores(np.arange(n_users))
    scores[rows.users, rows.items] = -np.inf
    expected = [withheld(user, n_items) for user in range(n_users)]
    assert scores.argmax(axis=1).tolist() == expected


def test_als_scores_pairs_as_it_scores_the_catalog() -> None:
    contender = als(checker_board(20, 10), 20, 10, seed=1)
    users, items = np.array([0, 3, 19]), np.array([9, 3, 5])
    assert np.allclose(
        contender.pair_scores(users, items),
        contender.catalog_scores(users)[[0, 1, 2], items],
        atol=1e-6,
    )


def test_als_gives_the_same_factors_for_the_same_seed() -> None:
    first, again = (
        als(checker_board(20, 10), 20, 10, seed=3).catalog_scores(np.arange(20)) for _ in range(2)
    )
    assert np.array_equal(first, again)


def test_als_gives_someone_without_history_no_opinion() -> None:
    contender = als(checker_board(20, 10), n_users=21, n_items=11, seed=1)
    assert contender.catalog_scores(np.array([20])).tolist() == [[0.0] * 11]
    assert contender.pair_scores(np.array([0]), np.array([10])).tolist() == [0.0]
