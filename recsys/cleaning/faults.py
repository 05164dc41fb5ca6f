"""What no cleaned review can have: the faults of a `clean_df.pq` that something else wrote."""

from __future__ import annotations

import numpy as np
import pandas as pd
from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype

from recsys import columns
from recsys.arrays import BoolArray
from recsys.cleaning.price_text import HIGHEST_PRICE
from recsys.cleaning.text import MAX_NAME_LENGTH
from recsys.kinds import KINDS, REVIEW


def clean_fault(frame: pd.DataFrame) -> str | None:
    """Describe the first fault of cleaned reviews, in a sentence; None if there is none.

    Args:
        frame: (n, any) whichever columns of `clean_df.pq` were read.
    """
    checks = (_other_type, _missing_time, _unknown_kind, _impossible_number)
    names = (columns.USER, columns.ITEM, columns.TITLE, columns.BRAND, columns.CATEGORY)
    faults = [
        *(check(frame) for check in checks),
        *(long_name(frame[name], name) for name in names if name in frame),
    ]
    return next(filter(None, faults), None)


def long_name(names: pd.Series, column: str) -> str | None:
    """Describe the longest name, (n,), of a column if it has more than `MAX_NAME_LENGTH` characters."""
    longest = names.astype("str").str.len().max()
    if not longest > MAX_NAME_LENGTH:
        return None
    return (
        f"the longest {column} has {int(longest):,} characters; at most {MAX_NAME_LENGTH:,} "
        f"are allowed."
    )


def _other_type(frame: pd.DataFrame) -> str | None:
    """Find ratings and prices that aren't numbers, and times that aren't times."""
    for name, expected, is_one in (
        (columns.RATING, "numbers", is_numeric_dtype),
        (columns.PRICE, "numbers", is_numeric_dtype),
        (columns.REVIEW_TIME, "times", is_datetime64_any_dtype),
    ):
        # Parquet stores a column without any value as one without a type.
        if name in frame and not is_one(frame[name]) and frame[name].notna().any():
            first = str(frame[name].dropna().iloc[0])[:60]
            kind = frame[name].dtype
            return f"the column {name!r} holds {kind}, {first!r} for one; expected {expected}."
    return None


def _missing_time(frame: pd.DataFrame) -> str | None:
    """A row without a time has no place in any history, and belongs to no part of a split."""
    name = columns.REVIEW_TIME
    n_missing = int(frame[name].isna().sum()) if name in frame else 0
    return f"{n_missing:,} of {len(frame):,} rows have no {name}." if n_missing else None


def _unknown_kind(frame: pd.DataFrame) -> str | None:
    """Find kinds of interactions that nothing is known of."""
    if columns.KIND not in frame:
        return None
    kinds = frame[columns.KIND].dropna()
    unknown = kinds[~kinds.isin(KINDS)]
    if unknown.empty:
        return None
    return (
        f"{len(unknown):,} of {len(frame):,} rows have a {columns.KIND} that isn't known, "
        f"{str(unknown.iloc[0])[:60]!r} for one; expected one of {', '.join(KINDS)}."
    )


def _impossible_number(frame: pd.DataFrame) -> str | None:
    """Find ratings of reviews other than 1 to 5, and prices that are negative or beyond reason."""
    unrated: BoolArray | bool = False
    if columns.KIND in frame:
        kinds = frame[columns.KIND]
        unrated = (kinds.notna() & (kinds != KINDS[REVIEW])).to_numpy(dtype=bool)
    for name, low, high, may_lack in (
        (columns.RATING, 1.0, 5.0, unrated),
        (columns.PRICE, 0.0, HIGHEST_PRICE, True),
    ):
        if name not in frame:
            continue
        numbers = pd.to_numeric(frame[name], errors="coerce")
        values = numbers.to_numpy(dtype=np.float64, na_value=np.nan)
        possible = ((values >= low) & (values <= high)) | (np.isnan(values) & may_lack)
        if not possible.all():
            row = int(np.argmin(possible))
            return (
                f"{np.count_nonzero(~possible):,} of {len(values):,} rows have a {name} that no "
                f"review has, {values[row]:g} in row {row + 1:,} for one; expected {low:g} to "
                f"{high:,.0f}."
            )
    return None
