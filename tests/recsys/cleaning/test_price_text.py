from __future__ import annotations

import time

import pandas as pd
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.cleaning.price_text import (
    HIGHEST_PRICE,
    other_currency_mask,
    parse_price,
    price_amounts,
    price_range_mask,
)
from tests.support.hostile_text import hostile_texts


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("12,99 €", 12.99),
        ("€12.99", 12.99),
        ("1.299,00 EUR", 1299.0),
        ("1\u202f299,5 €", 1299.5),
        ("1,299 ¥", 1299.0),
        ("£5 - £9.50", 7.25),
        ("Rs. 499", 499.0),
        ("CHF 1'299.00", 1299.0),
    ],
)
def test_of_a_price_in_another_currency_the_number_is_read_and_the_row_marked(
    text: str, price: float
) -> None:
    assert parse_price(pd.Series([text]))[0] == pytest.approx(price)
    assert other_currency_mask(pd.Series([text, "$12", None, "€"])).tolist() == [True, *[False] * 3]


@pytest.mark.parametrize(
    ("text", "price"),
    [
        ("$7.29", 7.29),
        ("$1,129.96", 1129.96),
        ("$ 12", 12.0),
        ("$.99", 0.99),
        ("$5.00 - $9.00", 7.0),
        ("$1,000.00 - $3,000.00", 2000.0),
        ("<span>$7.50</span>", 7.5),
        ("12.99", 12.99),
        ("from 14.99", 14.99),
        ("10 - 20", 15.0),
        ("$0.00 - $8.00", 8.0),
    ],
)
def test_dollar_amounts_are_read_and_ranges_give_their_mean(text: str, price: float) -> None:
    assert parse_price(pd.Series([text]))[0] == pytest.approx(price)


@pytest.mark.parametrize(
    "text",
    [
        *("", "$0.00", "0", "None", "—", "free", "$", "1e5", "12 items", "$1,12", "[]"),
        *("-5", "€", "12 € off 3", "$1" + ",000" * 9, "-12,99 €", "1e308"),
        ".a-box-inner{background-color:#fff;width:10px}",
        "function f(){return '$1'}",
        "<div class='price'></div>",
    ],
)
def test_zero_and_junk_are_missing(text: str) -> None:
    assert parse_price(pd.Series([text])).isna().all()


def test_numbers_and_missing_values_are_accepted() -> None:
    prices = parse_price(pd.Series([1.5, float("nan"), 0.0], index=[3, 4, 5]))
    assert prices[3] == 1.5
    assert prices[[4, 5]].isna().all()
    assert parse_price(pd.Series([], dtype="str")).dtype == "float64"
    assert parse_price(pd.Series([None, None], dtype="str")).isna().all()


@settings(max_examples=50, deadline=None)
@given(st.integers(min_value=1, max_value=99_999_999))
def test_every_amount_in_cents_is_read_back(cents: int) -> None:
    assert price_amounts(f"${cents / 100:,.2f}") == [cents / 100]


@settings(max_examples=50, deadline=None)
@given(hostile_texts)
def test_no_text_gives_a_price_that_nothing_has(text: str) -> None:
    for written in (text, f"${text}", f"{text} €", "$" + "9" * len(text)):
        assert all(0 < amount <= HIGHEST_PRICE for amount in price_amounts(written))


def test_hostile_price_texts_cost_little_time() -> None:
    started = time.perf_counter()
    for text in ("$1" + ",111" * 50_000 + ",1", "1.111" * 50_000 + " €", "1 " * 400 + "€"):
        assert price_amounts(text) == []
    assert time.perf_counter() - started < 2


def test_ranges_are_marked() -> None:
    texts = pd.Series(["$1 - $2", "$1", None, "junk"])
    assert price_range_mask(texts).tolist() == [True, False, False, False]
