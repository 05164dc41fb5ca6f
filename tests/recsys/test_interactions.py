"""Interactions as numbers: who is a user, in which order, and on which day."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from recsys import columns
from recsys.interactions import (
    Interactions,
    identifies,
    interactions_of,
    recorded_interactions,
    rows_of,
)
from recsys.kinds import HIDE, PURCHASE, REMOVE, REVIEW, VIEW
from storage.artifacts import ArtifactError, read_clean, write_frame

ITEMS = pd.Index(["apple", "bread", "cake"])

REVIEWS = [
    # user, item, day, rating
    ("zoe", "bread", 2, 5.0),
    ("bob", "apple", 1, 3.0),
    ("Amazon Customer", "apple", 2, 5.0),
    (None, "cake", 0, 1.0),
    ("", "cake", 3, 2.0),
    ("bob", "dates", 0, 4.0),
    ("stranger", "dates", 5, 5.0),
    ("ann", "cake", 1, 5.0),
]


def frame(reviews: list[tuple[str | None, str | None, int, float]]) -> pd.DataFrame:
    users, items, days, ratings = zip(*reviews, strict=True)
    return pd.DataFrame(
        {
            columns.USER: users,
            columns.ITEM: items,
            columns.REVIEW_TIME: pd.Timestamp("2014-03-05") + pd.to_timedelta(days, unit="D"),
            columns.RATING: ratings,
        }
    )


@pytest.fixture
def found() -> Interactions:
    return interactions_of(frame(REVIEWS), ITEMS)


def test_rows_come_by_time_and_those_of_equal_time_in_the_order_of_the_file(
    found: Interactions,
) -> None:
    assert found.file_rows.tolist() == [3, 5, 1, 7, 0, 2, 4, 6]
    assert found.ratings.tolist() == [1, 4, 3, 5, 5, 5, 2, 5]
    assert (found.days - found.days[0]).tolist() == [0, 0, 1, 1, 2, 2, 3, 5]


def test_users_are_numbered_by_name_and_nobody_is_minus_one(found: Interactions) -> None:
    assert found.user_names.tolist() == ["ann", "bob", "zoe"]
    assert found.users.tolist() == [-1, 1, 1, 0, 2, -1, -1, -1]


def test_items_outside_the_catalog_are_minus_one(found: Interactions) -> None:
    assert found.items.tolist() == [2, -1, 0, 2, 1, 0, 2, -1]
    assert found.known.tolist() == [False, False, True, True, True, False, False, False]


def test_users_with_features_come_first_in_their_order() -> None:
    known = interactions_of(frame(REVIEWS), ITEMS, ["zoe", "Amazon Customer", "stranger"])
    assert known.user_names.tolist() == ["zoe", "Amazon Customer", "stranger", "ann", "bob"]
    assert known.users.tolist() == [-1, 4, 4, 3, 0, -1, -1, 2]


def test_without_features_a_user_becomes_nobody() -> None:
    known = interactions_of(frame(REVIEWS), ITEMS, ["zoe", "bob"]).of_first_users(2)
    assert known.user_names.tolist() == ["zoe", "bob"]
    assert known.users.tolist() == [-1, 1, 1, -1, 0, -1, -1, -1]


def test_users_without_a_row_can_be_left_out(found: Interactions) -> None:
    later = found.where(found.days > found.days[2]).of_present_users()
    assert later.user_names.tolist() == ["zoe"]
    assert later.users.tolist() == [0, -1, -1, -1]


def test_a_history_lists_an_item_once_and_of_one_day_the_later_row_first() -> None:
    reviews = [("ann", "cake", 1, 5.0), ("ann", "apple", 1, 5.0), ("ann", "cake", 0, 1.0)]
    history = interactions_of(frame([*reviews]), ITEMS).histories()
    assert history.of(0).tolist() == [0, 2]


def test_days_are_counted_from_1970_and_ignore_the_hour() -> None:
    times = ["1969-12-31 01:00", "1970-01-01", "1970-01-02 23:59:59", "2014-03-05 06:00"]
    reviews = frame([("ann", "cake", 0, 5.0)] * 4)
    reviews[columns.REVIEW_TIME] = pd.to_datetime(times, format="ISO8601")
    days = interactions_of(reviews, ITEMS).days
    assert days.tolist() == [-1, 0, 1, 16134]
    assert days.dtype == np.int32


def test_no_reviews_at_all_are_no_interactions() -> None:
    nothing = interactions_of(frame(REVIEWS).iloc[:0], ITEMS)
    assert (len(nothing), nothing.n_users, len(nothing.days)) == (0, 0, 0)
    assert nothing.histories().starts.tolist() == [0]


def test_a_name_identifies_somebody_unless_it_is_missing_empty_or_anonymous() -> None:
    names = ["ann", "", None, "amazon customer", "Kindle Customer", "customer service fan"]
    assert identifies(names).tolist() == [True, False, False, False, False, True]


def test_unknown_names_have_the_row_minus_one() -> None:
    assert rows_of(pd.Series(["cake", None, "dates", "apple"]), ITEMS).tolist() == [2, -1, -1, 0]


def test_reviews_without_a_time_are_refused(tmp_path: Path) -> None:
    reviews = frame(REVIEWS)
    reviews.loc[2, columns.REVIEW_TIME] = None
    write_frame(reviews, tmp_path / "clean_df.pq")
    with pytest.raises(ArtifactError, match="1 of 8 rows have no reviewTime"):
        read_clean(tmp_path / "clean_df.pq", list(reviews.columns))


DONE = [
    # user, item, day, kind
    ("ann", "apple", 1, "review"),
    ("ann", "bread", 2, None),
    ("ann", "apple", 3, "remove"),
    ("ann", "cake", 3, "purchase"),
    ("bob", "apple", 2, "view"),
    ("bob", "cake", 5, "remove"),
    ("bob", "cake", 4, "hide"),
    ("zoe", "cake", 1, "purchase"),
    ("zoe", "cake", 2, "remove"),
    ("Amazon Customer", "cake", 1, "purchase"),
    ("Amazon Customer", "cake", 2, "remove"),
]


def done() -> pd.DataFrame:
    rows = frame([(user, item, day, 4.0) for user, item, day, _ in DONE])
    return rows.assign(kind=[kind for *_, kind in DONE])


def test_what_was_taken_back_is_as_if_it_had_never_been() -> None:
    found = interactions_of(done(), ITEMS)
    assert found.file_rows.tolist() == [9, 1, 4, 3]  # strangers take nothing back
    assert found.kinds.tolist() == [PURCHASE, REVIEW, VIEW, PURCHASE]


def test_who_took_everything_back_is_known_all_the_same() -> None:
    assert interactions_of(done(), ITEMS).user_names.tolist() == ["ann", "bob", "zoe"]


def test_only_reviews_have_ratings() -> None:
    found = interactions_of(done(), ITEMS)
    np.testing.assert_array_equal(found.ratings, [np.nan, 4, np.nan, np.nan])
    assert found.rated().file_rows.tolist() == [1]
    assert found.chosen().file_rows.tolist() == [9, 1, 3]
    assert found.seen().file_rows.tolist() == [9, 1, 3]


def test_of_equal_times_a_remove_takes_back_what_stands_before_it() -> None:
    rows = frame([("ann", "apple", 1, 4.0)] * 3).assign(kind=["purchase", "remove", "hide"])
    assert interactions_of(rows, ITEMS).kinds.tolist() == [HIDE]


def test_the_last_remove_stays_on_record_for_rows_that_come_later() -> None:
    found = recorded_interactions(done(), ITEMS)
    assert found.kinds[found.users == 0].tolist() == [REVIEW, REMOVE, PURCHASE]


def test_kinds_that_are_all_reviews_cost_nothing() -> None:
    rows = frame(REVIEWS).assign(kind="review")
    assert interactions_of(rows, ITEMS).kinds.size == 0


@pytest.mark.parametrize(
    ("kinds", "ratings", "message"),
    [
        (["hide", "like"], [np.nan, 5.0], "1 of 2 rows have a kind that isn't known, 'like'"),
        (["view", None], [np.nan, np.nan], "1 of 2 rows have a rating that no review has"),
    ],
)
def test_impossible_kinds_and_reviews_without_a_rating_are_refused(
    tmp_path: Path, kinds: list[str | None], ratings: list[float], message: str
) -> None:
    rows = frame([("ann", "apple", 1, 4.0)] * 2).assign(kind=kinds, rating=ratings)
    write_frame(rows, tmp_path / "clean_df.pq")
    with pytest.raises(ArtifactError, match=message):
        read_clean(tmp_path / "clean_df.pq", (columns.USER, columns.RATING))
