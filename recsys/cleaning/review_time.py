"""Review times as data sets write them: "2018-12-31", "03 5, 2014", seconds, milliseconds."""

from __future__ import annotations

from typing import Final

import pandas as pd

TEXT_FORMATS: Final = ("ISO8601", "%m %d, %Y", "%B %d, %Y", "%b %d, %Y", "%m/%d/%Y")
"""Tried in this order; the last one is American, as the data sets are."""

_EARLIEST_UNIX_S: Final = 1e8  # March 1973; smaller numbers are years or dates such as 20140305
_LATEST_UNIX_S: Final = 4_102_444_800.0  # 2100-01-01; larger numbers count thousandths of a second


def parse_times(texts: pd.Series) -> pd.Series:
    """Parse review times.

    Numbers are seconds since 1970, or thousandths, millionths or billionths of one; their size
    tells which. Texts with a time zone are converted to UTC, those without one are taken as
    UTC. Times before 1970 or from 2100 on are missing.

    Args:
        texts: (n,) str, missing allowed.

    Returns:
        (n,) datetime64[s], naive UTC, under the same index, NaT where a text can't be read.
    """
    numbers = pd.to_numeric(texts, errors="coerce").astype("float64")
    for _ in range(3):
        numbers = numbers.where(~(numbers >= _LATEST_UNIX_S), numbers / 1_000)
    is_unix = numbers.between(_EARLIEST_UNIX_S, _LATEST_UNIX_S, inclusive="left")
    times = pd.to_datetime(numbers.where(is_unix) // 1, unit="s").astype("datetime64[s]")
    return times.fillna(_parse_texts(texts.where(~is_unix)))


def _parse_texts(texts: pd.Series) -> pd.Series:
    """Parse each distinct text by the first format that fits it."""
    codes, distinct = pd.factorize(texts.str.strip())
    wanted = pd.Series(distinct, dtype="str")
    times = pd.Series(pd.NaT, index=wanted.index, dtype="datetime64[s]")
    for form in TEXT_FORMATS:
        unread = times.isna()
        if not unread.any():
            break
        read = pd.to_datetime(wanted[unread], format=form, errors="coerce", utc=True)
        times[unread] = read.dt.tz_localize(None).astype("datetime64[s]")
    plausible = times.dt.year.between(1970, 2099)
    found = times.where(plausible).reindex(codes)
    return found.set_axis(texts.index)


def parse_exact_times(texts: pd.Series) -> pd.Series:
    """Parse times of the form "2024-05-01 09:30:00.123456", in UTC.

    Args:
        texts: (n,) str, missing allowed.

    Returns:
        (n,) datetime64[us], naive UTC, under the same index, NaT where a text can't be read.
    """
    times = pd.to_datetime(texts, format="ISO8601", errors="coerce", utc=True)
    return times.dt.tz_localize(None).astype("datetime64[us]")
