"""Prices as product pages write them: "$7.29", "$5.00 - $9.00", "" or a page's style sheet."""

from __future__ import annotations

import re

import numpy as np
import pandas as pd

_NUMBER = r"(\d{1,3}(?:,\d{3})+(?:\.\d+)?|\d{1,9}(?:\.\d+)?|\.\d+)(?![\d.,]*\d)"
_DOLLARS = re.compile(rf"\$\s?{_NUMBER}")
_BARE = re.compile(rf"\s*(?:from\s+)?{_NUMBER}(?:\s*-\s*{_NUMBER})?\s*", re.IGNORECASE)
_STYLE_OR_SCRIPT = re.compile(r"[{}]")


def parse_price(texts: pd.Series) -> pd.Series:
    """Read prices in US dollars.

    The price is the mean of all amounts like "$1,129.96" in the text, so a range becomes
    its middle. Amounts of zero don't count. A bare number, or two with a dash between them, is
    read too, since some data sets leave out the dollar sign. Anything else is missing, as is
    every text with braces: it is a style sheet or a script, whose "$1" is not a price.

    Args:
        texts: (n,) str or numbers, missing allowed.

    Returns:
        (n,) float64 above 0 under the same index, NaN where there is no price.
    """
    codes, distinct = pd.factorize(texts.astype("str"))
    prices = [_mean_or_nan(price_amounts(text)) for text in distinct]
    # A missing text has the code -1, which finds the NaN at the end.
    return pd.Series(np.array([*prices, np.nan])[codes], index=texts.index, name=texts.name)


def price_amounts(text: str) -> list[float]:
    """Find the dollar amounts above zero in a text, in order.

    >>> price_amounts("$1,129.96"), price_amounts("$5 - $9.50"), price_amounts("$0.00")
    ([1129.96], [5.0, 9.5], [])
    """
    if _STYLE_OR_SCRIPT.search(text):
        return []
    found = _DOLLARS.findall(text)
    if not found and (bare := _BARE.fullmatch(text)):
        found = [amount for amount in bare.groups() if amount]
    amounts = [float(amount.replace(",", "")) for amount in found]
    return [amount for amount in amounts if amount > 0]


def price_range_mask(texts: pd.Series) -> pd.Series:
    """Mark the rows whose price text holds several amounts, as (n,) bool."""
    codes, distinct = pd.factorize(texts.astype("str"))
    several = [len(price_amounts(text)) > 1 for text in distinct]
    return pd.Series(np.array([*several, False])[codes], index=texts.index)


def _mean_or_nan(amounts: list[float]) -> float:
    return sum(amounts) / len(amounts) if amounts else float("nan")
