"""The search over all items: exact, and to the bit the same whichever way it is asked."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from scoring import search as compiled
from scoring.search.item_index import ItemIndex
from scoring.search.queries import count_scored
from scoring.search.tables import BLOCK, NO_ROWS
from tests.support.search_cases import (
    assert_all_ways_agree,
    clustered_case,
    halves,
    indexes,
    random_case,
    ranked,
    reference,
)


def test_scores_are_the_hand_computed_ones() -> None:
    items = halves([1, -3, 2, 10], [-1, 1, 4, 20])
    index = ItemIndex.build(np.array([2, -1], np.float32), 0.5, items, None)
    user = np.array([0.5, 2, 3, 100], np.float32)
    # 2·relu(1.5) - relu(-1) + 3·2 + 100 + 10 + .5 and 2·relu(-.5) - relu(3) + 3·4 + 100 + 20 + .5
    assert compiled.score_items(index, user).tolist() == [119.5, 129.5]
    ranking = compiled.top_k(index, user, 2)
    assert ranking.rows.tolist() == [1, 0]
    assert ranking.scores.tolist() == [129.5, 119.5]
    assert ranking.rows.dtype == np.int32
    assert ranking.scores.dtype == np.float32


@pytest.mark.parametrize("n_product", [0, 5])
def test_scores_are_those_of_the_definition(n_product: int) -> None:
    weights, items, users = random_case(1, 100, 13, n_product)
    index = ItemIndex.build(weights, -1.5, items, None)
    for user in users:
        expected = reference(weights, -1.5, user, items)
        assert compiled.score_items(index, user) == pytest.approx(expected, abs=1e-5)


def test_equal_scores_are_ranked_by_lower_row() -> None:
    weights, items, users = random_case(2, 40, 16)
    twice = np.vstack([items, items, items])
    for index in indexes(weights, 0.0, twice):
        rows = compiled.top_k(index, users[0], 6).rows.tolist()
        assert rows[1::3] == [row + 40 for row in rows[::3]]
        assert rows[2::3] == [row + 80 for row in rows[::3]]


def test_all_items_equal_gives_the_first_rows() -> None:
    weights, items, users = random_case(3, 1, 8)
    for index in indexes(weights, 0.0, np.repeat(items, 100, axis=0)):
        assert compiled.top_k(index, users[0], 5).rows.tolist() == [0, 1, 2, 3, 4]


@pytest.mark.parametrize("n_items", [0, 1, BLOCK - 1, BLOCK, BLOCK + 1])
def test_fewer_items_than_asked_for_are_all_returned(n_items: int) -> None:
    weights, items, users = random_case(4, n_items, 8)
    assert_all_ways_agree(weights, items, users, k=BLOCK + 5)


def test_everything_excluded_gives_empty_lists() -> None:
    weights, items, users = random_case(5, 70, 8)
    for index in indexes(weights, 0.0, items):
        ranking = compiled.top_k(index, users[0], 5, np.arange(70, dtype=np.int32))
        assert ranking.rows.tolist() == ranking.scores.tolist() == []


def test_excluded_items_make_room_for_the_next() -> None:
    weights, items, users = random_case(6, 500, 8)
    best = compiled.top_k(ItemIndex.build(weights, 0.25, items, None), users[0], 20)
    assert_all_ways_agree(weights, items, users, 5, excluded=np.sort(best.rows))


def test_each_user_of_a_batch_has_its_own_excluded_items() -> None:
    weights, items, users = random_case(7, 300, 8)
    for index in indexes(weights, 0.0, items):
        free = [compiled.top_k(index, user, 3).rows for user in users[:3]]
        excluded = [np.sort(free[0][:1]), NO_ROWS, np.sort(free[2])]
        starts = np.cumsum([0, *map(len, excluded)])
        rows, _ = compiled.top_k_batch(index, users[:3], 3, starts, np.concatenate(excluded))
        for user, seen, listed in zip(users[:3], excluded, rows, strict=True):
            assert listed.tolist() == compiled.top_k(index, user, 3, seen).rows.tolist()


def test_only_candidates_are_returned() -> None:
    weights, items, users = random_case(8, 400, 8)
    candidates = np.zeros(400, dtype=bool)
    candidates[[3, 77, 399]] = True
    for index in indexes(weights, 0.0, items):
        scores = compiled.score_items(index, users[0])
        expected = [row for row in ranked(scores, 400) if candidates[row]]
        found = compiled.top_k(index, users[0], 5, candidates=candidates)
        assert found.rows.tolist() == expected
        without = compiled.top_k(index, users[0], 5, np.array([77], np.int32), candidates)
        assert without.rows.tolist() == [row for row in expected if row != 77]


def test_a_pure_product_head_ranks_by_the_dot_product() -> None:
    weights, items, users = random_case(9, 300, 0, 16)
    assert compiled.quantize_items(items, weights) is None
    index = ItemIndex.build(weights, 0.0, items, None)
    expected = reference(weights, 0.0, users[0], items)
    assert compiled.top_k(index, users[0], 5).rows.tolist() == ranked(expected, 5)
    assert_all_ways_agree(weights, items, users, 5)


def test_relu_and_products_together_agree() -> None:
    assert_all_ways_agree(*random_case(10, 500, 9, 6), k=7)


@pytest.mark.parametrize("weight", [0.0, 1.0, -1.0])
def test_weights_that_are_zero_or_of_one_sign_are_searched_exactly(weight: float) -> None:
    weights, items, users = random_case(11, 500, 9)
    weights[:] = weight
    assert_all_ways_agree(weights, items, users, 5)
    weights[4:] = 0.5
    assert_all_ways_agree(weights, items, users, 5)


@pytest.mark.parametrize("scale", [1e-30, 1e4, 1e18, 1e30])
def test_any_magnitude_is_searched_exactly(scale: float) -> None:
    weights, items, users = random_case(12, 500, 9)
    assert_all_ways_agree(weights, items * np.float32(scale), users * np.float32(scale), 5)


def test_users_far_outside_the_range_of_the_items_are_searched_exactly() -> None:
    weights, items, users = random_case(13, 500, 9)
    assert_all_ways_agree(weights, items, users * np.float32(100), 5)


@pytest.mark.parametrize("options", [{}, {"bytes_per_column": 3.0}, {"tail": 0.2}, {"tail": 0.0}])
def test_clustered_items_with_outliers_are_searched_exactly(options: dict[str, float]) -> None:
    assert_all_ways_agree(*clustered_case(14, 3_000), k=10, **options)


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_items=st.integers(0, 200),
    n_relu=st.integers(0, 20),
    n_product=st.sampled_from([0, 0, 3]),
    k=st.integers(1, 12),
    grid=st.sampled_from([0.0, 0.5]),
)
def test_every_way_gives_the_same_bits(
    seed: int, n_items: int, n_relu: int, n_product: int, k: int, grid: float
) -> None:
    weights, items, users = random_case(seed, n_items, n_relu, n_product)
    if grid:  # few distinct values make ties
        items, users = (np.round(half / grid) * np.float32(grid) for half in (items, users))
    rng = np.random.default_rng(seed)
    excluded = np.flatnonzero(rng.random(n_items) < 0.1).astype(np.int32)
    assert_all_ways_agree(weights, items, users, k, excluded)


def test_an_offset_is_added_to_the_score_of_its_item() -> None:
    items = halves([1, -3, 2, 10], [-1, 1, 4, 20])
    index = ItemIndex.build(np.array([2, -1], np.float32), 0.5, items, None)
    user = np.array([0.5, 2, 3, 100], np.float32)
    # Without offsets 119.5 and 129.5.
    ranking = compiled.top_k(index, user, 2, item_offsets=np.array([11.0, -1.0], np.float32))
    assert ranking.rows.tolist() == [0, 1]
    assert ranking.scores.tolist() == [130.5, 128.5]


@settings(max_examples=60, deadline=None)
@given(
    seed=st.integers(0, 2**32 - 1),
    n_items=st.integers(0, 200),
    n_product=st.sampled_from([0, 0, 3]),
    share=st.sampled_from([0.02, 0.5, 1.0]),
    scale=st.sampled_from([1e-6, 1.0, 50.0, 1e6]),
    grid=st.sampled_from([0.0, 0.5]),
)
def test_with_offsets_the_list_is_the_argsort_of_score_plus_offset(
    seed: int, n_items: int, n_product: int, share: float, scale: float, grid: float
) -> None:
    weights, items, users = random_case(seed, n_items, 9, n_product)
    rng = np.random.default_rng(seed)
    offsets = scale * rng.normal(size=n_items) * (rng.random(n_items) < share)
    if grid:  # few distinct values make ties
        items, users = (np.round(half / grid) * np.float32(grid) for half in (items, users))
        offsets = np.round(offsets / grid) * grid
    excluded = np.flatnonzero(rng.random(n_items) < 0.1).astype(np.int32)
    assert_all_ways_agree(weights, items, users, 6, excluded, offsets.astype(np.float32))


def test_offsets_of_another_number_of_items_are_refused() -> None:
    weights, items, users = random_case(18, 40, 8)
    [index, *_] = indexes(weights, 0.0, items)
    with pytest.raises(ValueError, match=r"item offsets: shape \(39,\); expected \(40,\)"):
        compiled.top_k(index, users[0], 5, item_offsets=np.zeros(39, np.float32))


@pytest.mark.parametrize("clustered", [False, True])
def test_bounds_are_tight_enough_to_spare_nearly_all_items(clustered: bool) -> None:
    case = clustered_case(16, 20_000) if clustered else random_case(15, 20_000, 32)
    weights, items, users = case
    for index in indexes(weights, 0.0, items):
        assert np.median([count_scored(index, user, 5) for user in users]) < 1_000
