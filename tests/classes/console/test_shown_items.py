"""What lists show of a catalog, redone by hand on four users and six items."""

from __future__ import annotations

from types import SimpleNamespace
from typing import cast

import numpy as np
import pytest

from classes.console.neighbors import neighbors
from classes.console.shown_items import ShownItems, price_bands
from classes.item_facts import ItemFacts
from classes.top_lists import TopLists
from recsys.item_similarities import stack_similarities

N_ITEMS = 6
LISTS = np.array(
    [[0, 1, 2, -1, -1], [0, 2, 1, 3, -1], [2, 0, 1, 3, 4], [1, 0, 2, 3, 4]], dtype=np.int32
)


@pytest.fixture
def shown() -> ShownItems:
    return ShownItems(TopLists(LISTS, np.ones(1, dtype=np.uint8)), N_ITEMS)


def test_each_item_is_counted_once_a_list(shown: ShownItems) -> None:
    assert shown.n_shown.tolist() == [4, 4, 4, 3, 2, 0]
    assert shown.coverage == pytest.approx(5 / 6)


def test_the_most_shown_come_first_equal_ones_by_row_and_none_that_is_in_no_list(
    shown: ShownItems,
) -> None:
    assert shown.most_shown(3).tolist() == [0, 1, 2]
    assert shown.most_shown(10).tolist() == [0, 1, 2, 3, 4]


def test_the_places_of_an_item_and_the_users_who_get_it_first(shown: ShownItems) -> None:
    assert shown.places(0).tolist() == [2, 2, 0, 0, 0]
    assert shown.users_of(0, 3).tolist() == [0, 1, 2]
    assert shown.users_of(2, 4).tolist() == [2, 1, 0, 3]
    assert shown.users_of(5, 4).tolist() == []


def test_lists_that_are_not_computed_yet_are_not_counted() -> None:
    lists = np.zeros((600, 5), dtype=np.int32)
    lists[512:] = 1
    shown = ShownItems(TopLists(lists, np.array([0, 1], dtype=np.uint8)), N_ITEMS)
    assert shown.users.tolist() == list(range(512, 600))
    assert shown.n_shown.tolist() == [0, 88 * 5, 0, 0, 0, 0]


def test_without_lists_nothing_is_shown() -> None:
    shown = ShownItems(None, N_ITEMS)
    assert (shown.coverage, shown.gini, shown.most_shown(3).tolist()) == (0, None, [])


def test_groups_divide_the_catalog_the_places_and_the_reviews(shown: ShownItems) -> None:
    facts = cast("ItemFacts", SimpleNamespace(n_ratings=np.array([5, 0, 0, 0, 0, 15])))
    shares = shown.by_group(np.array([0, 0, 0, 1, 1, 1]), 2, facts)
    assert shares.items.tolist() == [0.5, 0.5]
    assert shares.shown == pytest.approx([12 / 17, 5 / 17])
    assert shares.bought.tolist() == [0.25, 0.75]


def test_a_price_on_an_edge_belongs_to_the_band_above_it() -> None:
    prices = np.array([0.0, 9.99, 10.0, 25.0, 249.0, 250.0, np.nan])
    assert price_bands(prices).tolist() == [0, 0, 1, 2, 4, 5, 6]


def test_neighbors_are_ranked_within_each_similarity() -> None:
    entries = (
        np.array([0, 0, 0, 1]),  # similarity
        np.array([2, 2, 2, 2]),  # item
        np.array([4, 0, 1, 3]),  # neighbor
        np.array([1.0, 3.0, 3.0, 9.0]),
    )
    made = stack_similarities(["next", "text"], np.array([0.1, 0.1]), entries, N_ITEMS)
    found = {name: ranking.rows.tolist() for name, ranking in neighbors(made, 2, 2)}
    assert found == {"next": [0, 1], "text": [3]}
    assert all(not len(ranking.rows) for _, ranking in neighbors(made, 5, 2))
