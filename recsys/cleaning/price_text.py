"""Prices as product pages write them: "$7.29", "$5.00 - $9.00", "12,99 €", "" or a style sheet."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Final

import numpy as np
import pandas as pd

_NUMBER = r"(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,9}(?:\.\d+)?|\.\d+)(?![\d.,]*\d)"
_DOLLARS = re.compile(rf"\$\s?{_NUMBER}")
_BARE = re.compile(rf"\s*(?:from\s+)?{_NUMBER}(?:\s*-\s*{_NUMBER})?\s*", re.IGNORECASE)
_STYLE_OR_SCRIPT = re.compile(r"[{}]")
_OTHER_CURRENCY = re.compile(
    r"[£¥฿\u20a0-\u20cf]|\b(?:EUR|GBP|JPY|CNY|INR|CHF|SEK|NOK|DKK|PLN|CZK|BRL|Rs|kr)\b\.?|zł",
    re.IGNORECASE,
)
_GROUPED = r"\d{1,3}(?:[.,' \u00a0\u202f]\d{3})+(?:[.,]\d{1,2})?|\d{1,9}(?:[.,]\d{1,2})?"
_IN_OTHER_CURRENCY = re.compile(rf"({_GROUPED})(?:\s*[-–]\s*({_GROUPED}))?")
_DECIMALS = re.compile(r"[.,](\d{1,2})$")

HIGHEST_PRICE: Final = 1e9
"""US dollars; nothing that is sold by reviews costs more."""

_LONGEST_TEXT: Final = 1_000
"""Characters; what is longer is a page, in which a search for numbers takes quadratic time."""


def parse_price(texts: pd.Series) -> pd.Series:
    """Read prices in US dollars.

    The price is the mean of all amounts like "$1,129.96" in the text, so a range becomes
    its middle. Amounts of zero don't count. A bare number, or two with a dash between them, is
    read too, since some data sets leave out the dollar sign. Of "12,99 €" the number is read
    and nothing is converted; `other_currency_mask` tells where. Anything else is missing, as is
    every text with braces: it is a style sheet or a script, whose "$1" is not a price.

    Args:
        texts: (n,) str or numbers, missing allowed.

    Returns:
        (n,) float64 above 0, at most `HIGHEST_PRICE`, under the same index, NaN where there is
        no price.
    """
    codes, distinct = pd.factorize(texts.astype("str"))
    prices = [_mean_or_nan(price_amounts(text)) for text in distinct]
    # A missing text has the code -1, which finds the NaN at the end.
    return pd.Series(np.array([*prices, np.nan])[codes], index=texts.index, name=texts.name)


def price_amounts(text: str) -> list[float]:
    """Find the amounts above zero in a text, in order.

    >>> price_amounts("$1,129.96"), price_amounts("$5 - $9.50"), price_amounts("$0.00")
    ([1129.96], [5.0, 9.5], [])
    >>> price_amounts("1.299,00 €"), price_amounts("£5 - £9.50")
    ([1299.0], [5.0, 9.5])
    """
    if len(text) > _LONGEST_TEXT or _STYLE_OR_SCRIPT.search(text):
        return []
    found = _DOLLARS.findall(text)
    if not found and (bare := _BARE.fullmatch(text)):
        found = [amount for amount in bare.groups() if amount]
    amounts = [float(amount.replace(",", "")) for amount in found] or _other_amounts(text)
    return [amount for amount in amounts if 0 < amount <= HIGHEST_PRICE]


def price_range_mask(texts: pd.Series) -> pd.Series:
    """Mark the rows whose price text holds several amounts, as (n,) bool."""
    return _mask(texts, lambda text: len(price_amounts(text)) > 1)


def other_currency_mask(texts: pd.Series) -> pd.Series:
    """Mark the rows whose price is in another currency than US dollars, as (n,) bool."""
    return _mask(texts, lambda text: "$" not in text and bool(_other_amounts(text)))


def _other_amounts(text: str) -> list[float]:
    """Read one or two amounts beside the sign of another currency, decimals after a point or a comma."""
    if len(text) > _LONGEST_TEXT:
        return []
    without_sign, n_signs = _OTHER_CURRENCY.subn("", text)
    found = _IN_OTHER_CURRENCY.fullmatch(without_sign.strip()) if n_signs else None
    return [] if found is None else [_number(amount) for amount in found.groups() if amount]


def _number(amount: str) -> float:
    """Read a number whose last . or , stands before decimals if one or two digits follow."""
    decimals = _DECIMALS.search(amount)
    whole = re.sub(r"\D", "", amount[: decimals.start()] if decimals else amount)
    return float(f"{whole}.{decimals[1]}" if decimals else whole)


def _mask(texts: pd.Series, condition: Callable[[str], bool]) -> pd.Series:
    codes, distinct = pd.factorize(texts.astype("str"))
    found = [condition(text) for text in distinct]
    return pd.Series(np.array([*found, False])[codes], index=texts.index)


def _mean_or_nan(amounts: list[float]) -> float:
    return sum(amounts) / len(amounts) if amounts else float("nan")
