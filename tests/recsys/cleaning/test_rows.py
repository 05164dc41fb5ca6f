"""Rows of raw reviews: what is kept, mended, dropped and counted."""

from __future__ import annotations

from typing import Any

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys import columns
from recsys.cleaning.item_table import item_table, with_item_facts
from recsys.cleaning.rows import DROPPED, ROW_COLUMNS, RULES, clean_rows, count_kept, deduplicate
from tests.support.raw_reviews import IDS, NAMES, clean_all, raw_frame


def test_a_whole_row_is_cleaned_column_by_column() -> None:
    row = clean_all(raw_frame({})).iloc[0]
    assert row.drop(["brand", "category", "image", "kind"]).to_dict() == {
        "userName": "jane doe",
        "itemName": "red lamp",
        "description": "a lamp",
        "price": 10.0,
        "reviewTime": pd.Timestamp("2018-01-31"),
        "rating": 5.0,
        "reviewText": "good lamp",
        "title": "Red Lamp",
    }
    assert row[["brand", "category", "image"]].isna().all()


@pytest.mark.parametrize(
    ("fault", "rule"),
    [
        ({"userName": None}, "no_user"),
        ({"userName": " ?! "}, "no_user"),
        ({"itemName": "[]"}, "no_item"),
        ({"rating": "great"}, "bad_rating"),
        ({"rating": "0"}, "bad_rating"),
        ({"rating": "5.5"}, "bad_rating"),
        ({"rating": None}, "bad_rating"),
        ({"reviewTime": "soon"}, "bad_time"),
        ({"userName": None, "rating": None}, "no_user"),
        ({"userName": "x" * 513}, "long_name"),
        ({"itemName": "y" * 600_000}, "long_name"),
        ({"rating": "nan"}, "bad_rating"),
        ({"rating": "inf"}, "bad_rating"),
        ({"rating": "-4"}, "bad_rating"),
    ],
)
def test_a_row_without_user_item_rating_or_time_goes_and_is_counted_once(
    fault: dict[str, Any], rule: str
) -> None:
    rows, counts = clean_rows(raw_frame(fault, {}), NAMES)
    assert len(rows) == 1
    assert counts[rule] == 1
    assert sum(counts[name] for name in DROPPED) == 1


def test_ids_are_trimmed_and_otherwise_kept_and_namesakes_stay_apart() -> None:
    raw = raw_frame({"reviewerID": " a_1-X "}, {"reviewerID": "A_1-x", "asin": "B-é"})
    rows, _ = clean_rows(raw, IDS)
    assert rows[columns.USER].tolist() == ["a_1-X", "A_1-x"]
    assert rows[columns.ITEM].tolist() == ["B1", "B-é"]
    assert rows[columns.TITLE].tolist() == ["Red Lamp", "Red Lamp"]


def test_an_empty_id_is_no_user() -> None:
    assert clean_rows(raw_frame({"reviewerID": "  "}), IDS)[1]["no_user"] == 1


def test_anonymous_rows_are_kept_and_counted_only_where_names_are_keys() -> None:
    raw = raw_frame({"userName": "Amazon Customer"}, {})
    rows, _ = clean_rows(raw, NAMES)
    assert rows[columns.USER].tolist() == ["amazon customer", "jane doe"]
    assert count_kept(rows, NAMES)["anonymous"] == 1
    assert count_kept(clean_rows(raw, IDS)[0], IDS)["anonymous"] == 0


def test_missing_review_text_takes_the_summary_and_is_empty_without_one() -> None:
    raw = raw_frame({"reviewText": None}, {"reviewText": "...", "summary": None})
    rows, counts = clean_rows(raw, NAMES)
    assert rows[columns.REVIEW_TEXT].tolist() == ["nice", ""]
    assert counts["text_from_summary"] == 1
    assert count_kept(rows, NAMES)["no_text"] == 1


def test_unix_time_stands_in_for_a_review_time_that_cannot_be_read() -> None:
    raw = raw_frame({"reviewTime": "soon"}, {}).assign(unixReviewTime="1394000000")
    rows, counts = clean_rows(raw, NAMES)
    assert rows[columns.REVIEW_TIME].tolist() == [
        pd.Timestamp("2014-03-05 06:13:20"),
        pd.Timestamp("2018-01-31"),
    ]
    assert counts["time_from_unix"] == 1


def test_price_ranges_and_junk_are_counted() -> None:
    raw = raw_frame({"price": "$1 - $3"}, {"price": ".a{}"}, {"price": None}, {"price": "$0.00"})
    rows, counts = clean_rows(raw, NAMES)
    assert rows[columns.PRICE].isna().tolist() == [False, True, True, True]
    assert (counts["price_range"], counts["price_junk"]) == (1, 2)


def test_prices_in_other_currencies_are_read_and_counted() -> None:
    rows, counts = clean_rows(
        raw_frame({"price": "12,99 €"}, {"price": "$3"}, {"price": "€"}), NAMES
    )
    assert rows[columns.PRICE].fillna(0).tolist() == [12.99, 3.0, 0.0]
    assert (counts["other_currency"], counts["price_junk"]) == (1, 1)


def test_ids_have_a_limit_too_and_titles_brands_and_categories_are_cut_to_it() -> None:
    long = {"itemName": "T" * 600, "brand": "B" * 513, "category": "C " * 256 + "C"}
    raw = raw_frame({}, {"reviewerID": "A" * 513}, {}).assign(brand=None, category=None)
    raw.loc[0, list(long)] = list(long.values())
    rows, counts = clean_rows(raw, IDS)
    assert len(rows) == 2
    assert (counts["long_name"], counts["long_fact"]) == (1, 1)
    assert rows.loc[0, [columns.TITLE, columns.BRAND]].tolist() == ["T" * 512, "B" * 512]
    assert rows.loc[0, columns.CATEGORY] == ("C " * 256).strip()


def test_rows_whose_html_was_taken_out_are_counted() -> None:
    raw = raw_frame({"reviewText": "a<br>b"}, {"description": "R&amp;B"}, {})
    assert clean_rows(raw, NAMES)[1]["html"] == 2


def test_categories_are_preferred_to_category_and_shown_by_their_last_step() -> None:
    raw = raw_frame({}, {}, {}).assign(
        category=["Electronics", "['Music', 'Jazz']", None],
        categories=["[['A', 'USB &amp; Cables'], ['B']]", None, None],
    )
    rows, _ = clean_rows(raw, NAMES)
    assert rows[columns.CATEGORY].fillna("-").tolist() == ["USB & Cables", "Jazz", "-"]


def test_exact_duplicates_go_and_rows_that_differ_in_one_column_stay() -> None:
    raw = raw_frame(
        {}, {"reviewText": "<b>good</b> lamp"}, {"reviewText": "Bad lamp"}, {"rating": "4"}
    )
    rows, n_dropped = deduplicate(clean_rows(raw, NAMES)[0])
    assert n_dropped == 1
    assert rows.index.tolist() == [0, 2, 3]


def test_columns_that_a_data_set_lacks_are_missing_values() -> None:
    raw = raw_frame({})[["userName", "itemName", "rating", "reviewTime"]]
    clean = clean_all(raw)
    assert clean[columns.REVIEW_TEXT].tolist() == [""]
    assert clean[columns.DESCRIPTION].tolist() == ["red lamp"]


def test_no_rows_give_no_rows_of_the_same_types() -> None:
    some, none = clean_rows(raw_frame({}), NAMES)[0], clean_rows(raw_frame(), NAMES)[0]
    assert tuple(none.columns) == ROW_COLUMNS
    assert none.dtypes.to_dict() == some.dtypes.to_dict()
    assert deduplicate(none)[1] == 0
    clean = clean_all(raw_frame())
    assert clean.empty
    assert clean.dtypes.to_dict() == clean_all(raw_frame({})).dtypes.to_dict()


def test_every_count_has_a_meaning() -> None:
    rows, counts = clean_rows(raw_frame({}, {"rating": None}), NAMES)
    _, more = with_item_facts(rows, item_table(rows))
    assert {*counts, *more, *count_kept(rows, NAMES), "duplicate"} <= set(RULES)


reviews = st.fixed_dictionaries(
    {
        "userName": st.sampled_from(["ann", "Bob", "Amazon Customer", ""]),
        "itemName": st.sampled_from(["Lamp", "lamp", "Desk", "[]"]),
        "description": st.sampled_from(["one", "two", "<b>two</b>", None]),
        "price": st.sampled_from(["$1.10", "$2.20", "$3.30", "$0.00", None]),
        "rating": st.sampled_from(["1", "5", "9"]),
        "reviewText": st.sampled_from(["fine", "Fine!", None]),
    }
)


@settings(max_examples=12, deadline=None)
@given(st.lists(reviews, max_size=12), st.randoms(use_true_random=False), st.integers(0, 12))
def test_results_depend_neither_on_row_order_nor_on_how_rows_are_divided(
    dirty: list[dict[str, Any]], random: Any, cut: int
) -> None:
    raw = raw_frame(*dirty)
    whole = clean_rows(raw, NAMES)[0]
    shuffled = raw.sample(frac=1, random_state=random.randrange(1000))
    parts = [clean_rows(part, NAMES)[0] for part in (shuffled.iloc[:cut], shuffled.iloc[cut:])]
    again = pd.concat(parts)
    pd.testing.assert_frame_equal(
        item_table(deduplicate(whole)[0]), item_table(deduplicate(again)[0])
    )
    assert deduplicate(whole)[1] == deduplicate(again)[1]
    items = item_table(deduplicate(whole)[0])
    lamps = whole[whole[columns.ITEM] == "lamp"]
    pd.testing.assert_frame_equal(item_table(deduplicate(lamps)[0]), items[items.index == "lamp"])
