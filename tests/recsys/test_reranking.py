"""Maximal marginal relevance and the limit on items of a kind."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from recsys.arrays import BoolArray, ItemRows
from recsys.ranking import Ranking, top_rows
from recsys.reranking import cosines, limited, marginal_order, relevance, within_limit

NONE = np.empty(0, dtype=np.int32)

RELEVANCES = np.array([1.0, 0.9, 0.5, 0.0])
SIMILARITIES = np.array(
    [[1.0, 1.0, 0.2, 0.0], [1.0, 1.0, 0.2, 0.0], [0.2, 0.2, 1.0, 0.5], [0.0, 0.0, 0.5, 1.0]]
)
"""The second item is described exactly as the first."""


@pytest.mark.parametrize(
    ("diversity", "order"),
    [
        (0.0, [0, 1, 2, 3]),
        # Second place: .675 - .25, .375 - .05, 0 - 0. Third: .375 - .05, 0 - 0.
        (0.25, [0, 1, 2, 3]),
        # Second place: .45 - .5, .25 - .1, 0 - 0. Third: .45 - .5, 0 - .25.
        (0.5, [0, 2, 1, 3]),
        # Second place: 0 - 1, 0 - .2, 0 - 0. Third: 0 - 1, 0 - .5.
        (1.0, [0, 3, 2, 1]),
    ],
)
def test_four_items_come_in_the_order_computed_by_hand(diversity: float, order: list[int]) -> None:
    assert marginal_order(RELEVANCES, SIMILARITIES, diversity, 4).tolist() == order
    assert marginal_order(RELEVANCES, SIMILARITIES, diversity, 2).tolist() == order[:2]


def test_equal_items_keep_their_order_whatever_the_diversity() -> None:
    for diversity in (0.0, 0.3, 1.0):
        order = marginal_order(np.zeros(5), np.ones((5, 5)), diversity, 5)
        assert order.tolist() == [0, 1, 2, 3, 4]


def test_scores_become_relevance_whatever_is_added_to_them() -> None:
    scores = np.array([4.0, 3.0, 0.0], dtype=np.float32)
    assert relevance(scores).tolist() == [1.0, 0.75, 0.0]
    assert relevance(scores - 100).tolist() == [1.0, 0.75, 0.0]
    assert relevance(np.full(2, 7.0, dtype=np.float32)).tolist() == [0.0, 0.0]


def test_an_item_without_a_description_is_as_similar_as_items_are_on_average() -> None:
    vectors = np.array([[2, 0], [0, 0], [3, 4], [0, 5]], dtype=np.float32)
    mean = (0.6 + 0.0 + 0.8) / 3
    assert cosines(vectors)[1] == pytest.approx([mean] * 4)
    assert cosines(vectors)[2] == pytest.approx([0.6, mean, 1.0, 0.8])
    assert cosines(vectors[1:3]).tolist() == [[0.0, 0.0], [0.0, 1.0]]
    assert cosines(np.zeros((2, 3), dtype=np.float32)).tolist() == [[0.0, 0.0], [0.0, 0.0]]


def test_equal_descriptions_of_any_length_have_a_cosine_of_one() -> None:
    vector = np.random.default_rng(0).normal(size=384)
    vectors = np.outer([1.0, 1e-4, 3e7], vector).astype(np.float32)
    assert (cosines(vectors) == 1).all()


@given(st.integers(0, 10_000), st.integers(1, 100), st.floats(0, 1))
def test_the_order_is_a_permutation_that_starts_with_the_best(
    seed: int, n: int, diversity: float
) -> None:
    draw = np.random.default_rng(seed)
    scores = np.sort(draw.normal(size=n).astype(np.float32))[::-1]
    similarities = cosines(draw.normal(size=(n, 5)).astype(np.float32))
    order = marginal_order(relevance(scores), similarities, diversity, n)
    assert order[0] == 0
    assert sorted(order.tolist()) == list(range(n))


@given(st.lists(st.integers(-1, 4), max_size=40), st.integers(1, 5))
def test_the_first_of_each_kind_are_within_the_limit(kinds: list[int], most: int) -> None:
    expected = [kind < 0 or kinds[:place].count(kind) < most for place, kind in enumerate(kinds)]
    assert within_limit(np.array(kinds, dtype=np.int32), most).tolist() == expected


@given(
    st.lists(st.tuples(st.integers(-3, 3), st.integers(-1, 5)), min_size=1, max_size=60),
    st.integers(1, 20),
    st.integers(1, 4),
    st.integers(0, 60),
    st.integers(0, 10_000),
)
def test_a_limited_ranking_is_that_of_all_items_passed_over_one_by_one(
    items: list[tuple[int, int]], k: int, most: int, n_first: int, seed: int
) -> None:
    scores, kinds = np.array(items, dtype=np.float32).T[0], np.array(items, dtype=np.int32).T[1]
    draw = np.random.default_rng(seed)
    mask = draw.random(len(items)) < 0.8 if seed % 2 else None
    excluded = np.flatnonzero(draw.random(len(items)) < 0.2).astype(np.int32)

    def search(n: int, candidates: BoolArray | None, gone: ItemRows) -> Ranking:
        rows = top_rows(scores, n, gone, candidates)
        return Ranking(rows, scores[rows])

    expected: list[int] = []
    for row in search(len(items), mask, excluded).rows.tolist():
        same = [each for each in expected if kinds[each] == kinds[row]]
        if kinds[row] < 0 or len(same) < most:
            expected.append(row)
    first = search(n_first, mask, excluded)
    found = limited(first, k, kinds, most, search, mask, excluded)
    assert found.rows.tolist() == expected[:k]
    assert found.scores.tolist() == scores[expected[:k]].tolist()


def test_a_ranking_with_items_enough_is_not_searched_again() -> None:
    def search(n: int, candidates: BoolArray | None, gone: ItemRows) -> Ranking:
        raise AssertionError("nothing is missing")

    first = Ranking(np.array([4, 2, 0], dtype=np.int32), np.array([3, 2, 1], dtype=np.float32))
    kinds = np.array([0, 0, 1, 1, 1], dtype=np.int32)
    assert limited(first, 2, kinds, 1, search, None, NONE).rows.tolist() == [4, 0]
