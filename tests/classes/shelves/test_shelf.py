"""Shelves of the tiny shop, computed by hand from the layout of its reviews.

All reviews of the items 1 to 13 are on the day of the item's number: three of the items 2 to
11, two of 1 and 12, one of 13. Item 0 has one on day 0 and three, of five stars, on day 14,
the newest. Each user gave five stars to the item of their number, 0 to 11.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest

from classes.app_data_processing import AppDataProcessor
from classes.candidates import Candidates, choose
from classes.errors import UnknownNameError
from classes.options import RecommendationOptions
from classes.shelves.bought_together import bought_together
from classes.shelves.shelf import Shelf, new, popular, trending
from recsys.item_similarities import stack_similarities
from scoring.affinities import Affinities
from tests.support.artifacts import write_tiny_data

Make = Callable[[AppDataProcessor, Candidates, int, int], Shelf]


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> AppDataProcessor:
    folder = tmp_path_factory.mktemp("shelves")
    return AppDataProcessor.from_artifacts(write_tiny_data(folder, categories=True))


@pytest.fixture(scope="module")
def everything(data: AppDataProcessor) -> Candidates:
    return choose(data, RecommendationOptions())


def only(data: AppDataProcessor, category: str) -> Candidates:
    return choose(data, RecommendationOptions(category=(category,)))


def test_without_a_window_popular_items_are_those_of_unknown_users(
    data: AppDataProcessor, everything: Candidates
) -> None:
    shelf = popular(data, everything, 20, None)
    assert shelf.rows.tolist() == data.cold_start.order[:20].tolist()
    assert shelf.facts["count"].tolist() == [4, *[1] * 11, *[0] * 8]
    assert (shelf.window_days, shelf.reason) == (365, None)
    lamps = popular(data, only(data, "lamps"), 5, None)
    assert lamps.rows.tolist() == [row for row in shelf.rows if row in (1, 5, 9)]
    assert lamps.reason == "The catalog has 20 items, 3 of which pass the filters; listed: 3."


def test_popular_items_of_a_window_are_those_with_five_stars_in_it(
    data: AppDataProcessor, everything: Candidates
) -> None:
    shelf = popular(data, everything, 2, 5)  # days 10 to 14
    assert (shelf.rows.tolist(), shelf.facts["count"].tolist()) == ([0, 10], [3, 1])
    assert shelf.reason is None
    shelf = popular(data, everything, 5, 5)
    assert shelf.rows.tolist() == [0, 10, 11]  # 10 costs $20, nearer the median of $16.49
    assert shelf.reason == (
        "The catalog has 20 items; with a five-star rating in the 5 days up to 2018-01-15: 3."
    )
    shelf = popular(data, only(data, "guitars"), 5, 5)
    assert shelf.rows.tolist() == [10]
    assert shelf.reason is not None
    assert "3 of which pass the filters" in shelf.reason


def test_a_window_without_any_five_stars_is_empty_and_says_so(data: AppDataProcessor) -> None:
    shelf = popular(data, only(data, "lamps"), 5, 1)
    assert shelf.rows.tolist() == []
    assert shelf.reason is not None
    assert shelf.reason.endswith("with a five-star rating in the day 2018-01-15: 0.")


def test_trending_items_are_those_whose_share_of_reviews_rose_most(
    data: AppDataProcessor, everything: Candidates
) -> None:
    # Days 12 to 14 have six reviews: 3 of item 0, 2 of 12, 1 of 13. Days 0 to 11, four times
    # as many, have 33, one of them of item 0: 6/33 expected.
    shelf = trending(data, everything, 5, 3)
    assert shelf.rows.tolist() == [0, 12, 13]
    assert shelf.facts["rise"].tolist() == [round(8 / (6 / 33 + 5), 4), 1.4, 1.2]
    assert shelf.facts["count"].tolist() == [3, 2, 1]
    assert shelf.facts["count_before"].tolist() == [1, 0, 0]
    assert shelf.reason is not None
    assert shelf.reason.endswith("2018-01-15 than of the days before: 3.")
    assert trending(data, everything, 1, 3).reason is None


def test_nothing_trends_where_nothing_came_before(
    data: AppDataProcessor, everything: Candidates
) -> None:
    shelf = trending(data, everything, 5, 15)
    assert shelf.rows.tolist() == []
    assert shelf.reason == (
        "There are no reviews in the 60 days before the 15 days up to 2018-01-15 to compare with."
    )


def test_new_items_are_ranked_by_the_day_of_their_first_review(
    data: AppDataProcessor, everything: Candidates
) -> None:
    shelf = new(data, everything, 20, None)
    assert shelf.rows.tolist() == list(range(13, -1, -1))  # the other six were never reviewed
    assert shelf.facts["first_day"].tolist()[:2] == ["2018-01-14", "2018-01-13"]
    assert shelf.facts["count"].tolist() == [1, 2, *[3] * 10, 2, 4]
    shelf = new(data, everything, 5, 3)
    assert shelf.rows.tolist() == [13, 12]
    assert shelf.reason is not None
    assert shelf.reason.endswith("with their first review in the 3 days up to 2018-01-15: 2.")


def test_of_items_that_are_equally_new_the_most_reviewed_comes_first(
    data: AppDataProcessor, everything: Candidates
) -> None:
    same_day = AppDataProcessor(data.arrays | {"item_first_day": np.full(20, 5, dtype=np.int32)})
    counts = same_day.facts.n_ratings
    expected = sorted(range(20), key=lambda row: (-counts[row], row))
    assert new(same_day, everything, 20, None).rows.tolist() == expected


@pytest.mark.parametrize("make", [popular, trending, new])
def test_a_shelf_never_has_an_item_that_the_filters_leave_out(
    data: AppDataProcessor, make: Make
) -> None:
    for category, rows in (("kettles", {0, 4, 8}), ("blankets", {3, 7, 11})):
        for days in (1, 3, 10, 40):
            assert set(make(data, only(data, category), 20, days).rows) <= rows


def with_similarities(data: AppDataProcessor, *names: str) -> AppDataProcessor:
    """Item 0 speaks for 1 (2), 2 (1) and 3 (1); 1 for 2 (3) and 0 (9): in the last similarity."""
    entries = (
        np.full(5, len(names) - 1),
        np.array([0, 0, 0, 1, 1]),
        np.array([1, 2, 3, 2, 0]),
        np.array([2.0, 1.0, 1.0, 3.0, 9.0]),
    )
    similarities = stack_similarities([*names], np.full(len(names), 0.5), entries, data.n_items)
    return AppDataProcessor(data.arrays | Affinities.arrays(similarities))


def test_what_goes_with_a_cart_is_the_sum_of_what_goes_with_its_items(
    data: AppDataProcessor, everything: Candidates
) -> None:
    shop = with_similarities(data, "tf", "seq")
    one = bought_together(shop, np.array([0]), everything, 5)
    assert (one.rows.tolist(), one.scores.tolist()) == ([1, 2, 3], [2.0, 1.0, 1.0])
    cart = bought_together(shop, np.array([0, 1]), everything, 5)
    assert (cart.rows.tolist(), cart.scores.tolist()) == ([2, 3], [4.0, 1.0])
    assert bought_together(shop, np.array([0, 1]), everything, 1).rows.tolist() == [2]
    assert bought_together(shop, np.array([5]), everything, 5).rows.tolist() == []
    guitars = bought_together(shop, np.array([0]), only(data, "guitars"), 5)
    assert guitars.rows.tolist() == [2]


def test_what_is_chosen_soon_after_counts_rather_than_other_similarities(
    data: AppDataProcessor, everything: Candidates
) -> None:
    for names in (("cf",), ("cf", "seq"), ("seq", "now", "ml")):
        shop = with_similarities(data, *names)
        found = bought_together(shop, np.array([0]), everything, 5).rows.tolist()
        assert found == ([1, 2, 3] if names[-1] != "ml" else [])


def test_data_that_does_not_say_what_is_chosen_together_is_refused_with_the_cure(
    data: AppDataProcessor, everything: Candidates
) -> None:
    for shop in (data, with_similarities(data, "tf", "ml")):
        with pytest.raises(UnknownNameError, match="python -m pipeline train"):
            bought_together(shop, np.array([0]), everything, 5)
