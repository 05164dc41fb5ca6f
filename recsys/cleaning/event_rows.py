"""Events among raw reviews: rows with a number in the service's store.

The service has found their names and checked them, so these are kept as they are. What an item
is follows from its reviews alone.
"""

from __future__ import annotations

import pandas as pd

from recsys import columns
from recsys.cleaning.review_time import parse_exact_times
from recsys.kinds import KINDS, REVIEW


def with_events(rows: pd.DataFrame, raw: pd.DataFrame, user: str, item: str) -> pd.DataFrame:
    """Add kinds and numbers, and read anew what events say otherwise than reviews.

    Args:
        rows: (n, any) users, items, ratings and times (datetime64[us]), cleaned as reviews.
        raw: (n, any) str, where they come from.
        user: Column of `raw` with the users.
        item: Column of `raw` with the items.

    Returns:
        (n, any + 2): the kind is missing for reviews that are no events, the number (float64,
        exact below 2^53) too.
    """
    result = rows.assign(**{columns.KIND: pd.Series(None, rows.index, dtype="str")})
    result[columns.EVENT_SEQ] = float("nan")
    if not {columns.KIND, columns.EVENT_SEQ} <= set(raw.columns):
        return result
    numbers = pd.to_numeric(raw[columns.EVENT_SEQ], errors="coerce").astype("float64")
    events = raw[numbers.notna()]
    result[columns.EVENT_SEQ] = numbers
    kinds = events[columns.KIND].astype("str")
    result.loc[events.index, columns.KIND] = kinds.fillna("")
    for name, source in ((columns.USER, user), (columns.ITEM, item)):
        result.loc[events.index, name] = events[source].astype("str")
    result.loc[events.index, columns.REVIEW_TIME] = parse_exact_times(events[columns.REVIEW_TIME])
    result.loc[kinds.index[kinds != KINDS[REVIEW]], columns.RATING] = float("nan")
    return result


def is_event(rows: pd.DataFrame) -> pd.Series:
    """Mark the rows (n,) that are events."""
    return rows[columns.EVENT_SEQ].notna()


def lacks_kind(rows: pd.DataFrame) -> pd.Series:
    """Mark the events (n,) of a kind that there isn't."""
    return is_event(rows) & ~rows[columns.KIND].isin(KINDS)


def lacks_rating(rows: pd.DataFrame) -> pd.Series:
    """Mark the rows (n,) without a rating that should have one, as reviews do."""
    is_review = rows[columns.KIND].fillna(KINDS[REVIEW]) == KINDS[REVIEW]
    return is_review & rows[columns.RATING].isna()
