"""What all rows of an item agree on: its description, price, title and picture."""

from __future__ import annotations

from recsys import columns
from recsys.cleaning.item_table import item_table, with_item_facts
from recsys.cleaning.rows import clean_rows
from tests.support.raw_reviews import IDS, NAMES, clean_all, raw_frame


def test_an_item_has_the_picture_that_most_of_its_rows_name_first() -> None:
    images = ["['https://a.example/1.jpg', 'https://a.example/2.jpg']", "[]", None]
    images += ["https://a.example/3.jpg", '["ftp://x/y", "https:\\/\\/a.example\\/3.jpg"]']
    raw = raw_frame(*({"reviewText": f"text {n}"} for n in range(5))).assign(image=images)
    assert clean_all(raw)[columns.IMAGE].tolist() == ["https://a.example/3.jpg"] * 5


def test_an_item_has_its_most_frequent_description_and_its_mean_price() -> None:
    raw = raw_frame(
        {"description": "B lamp", "price": "$10", "userName": "u1"},
        {"description": "b LAMP!", "price": "$20", "userName": "u2"},
        {"description": "a lamp", "price": None, "userName": "u3"},
        {"description": None, "price": "$60", "userName": "u4"},
    )
    rows, _ = clean_rows(raw, NAMES)
    clean, counts = with_item_facts(rows, item_table(rows))
    assert clean[columns.DESCRIPTION].unique().tolist() == ["b lamp"]
    assert clean[columns.PRICE].unique().tolist() == [30.0]
    assert counts["description_unified"] == 2
    assert counts["description_fallback"] == 0


def test_of_equally_frequent_descriptions_the_first_in_order_of_text_is_taken() -> None:
    raw = raw_frame({"description": "zebra"}, {"description": "apple", "userName": "u2"})
    assert clean_all(raw)[columns.DESCRIPTION].unique().tolist() == ["apple"]


def test_a_missing_description_is_made_from_title_brand_and_category() -> None:
    raw = raw_frame({"description": "[]"}).assign(brand="Lux & Co.", category="Home/Light")
    rows, _ = clean_rows(raw, NAMES)
    clean, counts = with_item_facts(rows, item_table(rows))
    assert clean[columns.DESCRIPTION].tolist() == ["red lamp lux co homelight"]
    assert counts["description_fallback"] == 1


def test_an_item_of_which_nothing_is_known_has_an_empty_description() -> None:
    raw = raw_frame({"description": None, "itemName": None, "price": None})
    clean = clean_all(raw, IDS)
    assert clean[columns.DESCRIPTION].tolist() == [""]
    assert clean[columns.TITLE].isna().all()
    assert clean[columns.PRICE].isna().all()
