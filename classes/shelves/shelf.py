"""Lists of items that are the same for everybody: popular, trending and new ones."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from classes.app_data_processing import AppDataProcessor
from classes.candidates import Candidates
from recsys.arrays import BoolArray, ItemRows
from recsys.ranking import top_rows
from recsys.shelves.dated_items import NEVER, DatedItems
from recsys.shelves.trends import rises

EARLIER_WINDOWS: Final = 4
"""Length of the period that a trend is compared with, in windows."""

_A_DAY: Final = float(1 << 32)
"""More ratings than any item has, so that the day comes first."""

Facts = dict[str, NDArray[np.generic]]
"""What is told about each listed item beside its description, by the name of the member."""


class Shelf(NamedTuple):
    """Items for everybody, best first.

    Attributes:
        rows: (k,) int32 item rows.
        facts: What they are ranked by, arrays (k,).
        window_days: The days that count, up to the newest interaction; None for all.
        reason: Why there are fewer items than asked for; None if there aren't.
    """

    rows: ItemRows
    facts: Facts
    window_days: int | None
    reason: str | None


def popular(
    data: AppDataProcessor, candidates: Candidates, n: int, window_days: int | None
) -> Shelf:
    """List the items with the most five-star ratings in a window.

    Without a window, list what unknown users get: the cold-start order of the candidates, with
    the ratings that it counts. Equal counts are in that order, too.
    """
    days = data.shelf_facts.cold_start_window_days if window_days is None else window_days
    counts = _last(data.shelf_facts.dated, days).counts_of_liked(data.n_items)
    order = data.cold_start.order
    what = f"with a five-star rating in {_window(data.shelf_facts.dated, days)}"
    if window_days is None:
        what = "listed"
        rows = order if candidates.mask is None else order[candidates.mask[order]]
        rows = rows[:n]
    else:
        listed = _and(candidates.mask, counts > 0)[order]
        rows = order[top_rows(counts[order].astype(np.float64), n, data.no_items, listed)]
    return Shelf(rows, {"count": counts[rows]}, days, shortage(data, candidates, rows, n, what))


def trending(data: AppDataProcessor, candidates: Candidates, n: int, window_days: int) -> Shelf:
    """List the items whose share of the interactions has risen most, by `recsys.shelves.trends.rises`."""
    end = data.shelf_facts.dated.newest_day - window_days
    before = data.shelf_facts.dated.between(end - EARLIER_WINDOWS * window_days + 1, end)
    earlier = before.counts(data.n_items)
    recent = _last(data.shelf_facts.dated, window_days).counts(data.n_items)
    rise = rises(recent, earlier)
    rows = top_rows(rise, n, data.no_items, _and(candidates.mask, rise > 1))
    window = _window(data.shelf_facts.dated, window_days)
    what = f"with a larger share of the reviews of {window} than of the days before"
    reason = shortage(data, candidates, rows, n, what)
    if not len(before.items):
        n_days = EARLIER_WINDOWS * window_days
        reason = f"There are no reviews in the {n_days:,} days before {window} to compare with."
    facts: Facts = {
        "rise": np.round(rise[rows], 4),
        "count": recent[rows],
        "count_before": earlier[rows],
    }
    return Shelf(rows, facts, window_days, reason)


def new(data: AppDataProcessor, candidates: Candidates, n: int, window_days: int | None) -> Shelf:
    """List items by the day of their first interaction, latest first, then by how many they have."""
    first, n_ratings = data.shelf_facts.first_days, data.facts.n_ratings
    listed = first != NEVER
    if window_days is not None:
        listed &= first > data.shelf_facts.dated.newest_day - window_days
    scores = first * _A_DAY + n_ratings
    rows = top_rows(scores, n, data.no_items, _and(candidates.mask, listed))
    facts: Facts = {
        "first_day": first[rows].astype("datetime64[D]").astype(str),
        "count": n_ratings[rows],
    }
    what = "with a review"
    if window_days is not None:
        what = f"with their first review in {_window(data.shelf_facts.dated, window_days)}"
    return Shelf(rows, facts, window_days, shortage(data, candidates, rows, n, what))


def day_of(number: int) -> date:
    """Convert a day since 1970-01-01."""
    return datetime.fromtimestamp(0, UTC).date() + timedelta(days=number)


def _last(dated: DatedItems, days: int) -> DatedItems:
    return dated.between(dated.newest_day - days + 1, dated.newest_day)


def _and(mask: BoolArray | None, other: BoolArray) -> BoolArray:
    return other if mask is None else mask & other


def _window(dated: DatedItems, days: int) -> str:
    length = "the day" if days == 1 else f"the {days:,} days up to"
    return f"{length} {day_of(dated.newest_day)}"


def shortage(
    data: AppDataProcessor, candidates: Candidates, rows: ItemRows, n: int, what: str
) -> str | None:
    """Explain why fewer than n items are listed; None where n are.

    Args:
        data: Has the catalog.
        candidates: The items that might have been listed.
        rows: Those that are.
        n: How many were asked for.
        what: What is true of the listed items alone, such as "with a review".
    """
    if len(rows) >= n:
        return None
    return f"{candidates.counted(data.n_items)}; {what}: {len(rows):,}."
