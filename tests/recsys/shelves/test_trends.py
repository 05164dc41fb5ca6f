"""Days, counts and rises of items, by hand."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.shelves.dated_items import NEVER, DatedItems, first_days
from recsys.shelves.trends import rises

DATED = DatedItems(
    np.array([2, 0, 0, 2, 1], dtype=np.int32),
    np.array([3, 3, 5, 9, 9], dtype=np.int32),
    np.array([True, False, True, False, True]),
)


@pytest.mark.parametrize(
    ("days", "counts", "liked"),
    [
        ((3, 9), [2, 1, 2], [1, 1, 1]),
        ((4, 9), [1, 1, 1], [1, 1, 0]),
        ((3, 3), [1, 0, 1], [0, 0, 1]),
        ((6, 8), [0, 0, 0], [0, 0, 0]),
        ((-50, 500), [2, 1, 2], [1, 1, 1]),
    ],
)
def test_both_ends_of_a_window_count(
    days: tuple[int, int], counts: list[int], liked: list[int]
) -> None:
    part = DATED.between(*days)
    assert part.counts(3).tolist() == counts
    assert part.counts_of_liked(3).tolist() == liked
    assert DATED.newest_day == 9


def test_the_first_day_of_an_item_is_that_of_its_first_interaction() -> None:
    assert first_days(DATED, 4).tolist() == [3, 9, 3, NEVER]


def test_an_item_that_keeps_its_share_does_not_rise() -> None:
    recent, earlier = np.array([10, 20, 30]), np.array([100, 200, 300])
    np.testing.assert_allclose(rises(recent, earlier), 1.0)


def test_few_interactions_say_little_and_many_say_much() -> None:
    # 100 each: the first item was expected 0 times, the second 25 times, the third 75 times.
    found = rises(np.array([1, 50, 49]), np.array([0, 25, 75]))
    np.testing.assert_allclose(found, [6 / 5, 55 / 30, 54 / 80])


@pytest.mark.parametrize(("recent", "earlier"), [([0, 0], [3, 1]), ([3, 1], [0, 0])])
def test_nothing_rises_where_there_is_nothing_to_compare(
    recent: list[int], earlier: list[int]
) -> None:
    assert rises(np.array(recent), np.array(earlier)).tolist() == [1.0, 1.0]
