"""The cold-start order: which items an unknown user gets, by popularity and a little by price."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from recsys.interactions import FIVE_STARS
from recsys.popularity import popularity_counts

MIN_INTERACTIONS = 100
MIN_ITEMS = 20
N_PRICE_BANDS = 3
BAND_MIX_LENGTH = 5


@dataclass(frozen=True)
class ColdStart:
    """The cold-start order of a catalog.

    Attributes:
        order: (n_items,) int32, every item row once, in the order in which they are shown.
        window_days: Days back from the newest interaction that were counted.
        counts: (n_items,) int32, the five-star ratings of each item in the window.
        moved_up: Row of the item that brings another price band into the first five; None if
            no item was moved.
    """

    order: NDArray[np.int32]
    window_days: int
    counts: NDArray[np.int32]
    moved_up: int | None


def cold_start_order(
    item_rows: NDArray[np.integer],
    days: NDArray[np.integer],
    ratings: NDArray[np.floating],
    raw_prices: NDArray[np.floating],
    window_days: int = 365,
    *,
    mix_prices: bool = True,
) -> ColdStart:
    """Order all items for a user about whom nothing is known.

    In words: the items with the most five-star ratings in the last `window_days` come
    first, counted back from the newest interaction and not from today. A window with
    fewer than 100 five-star ratings or fewer than 20 rated items is doubled until it
    holds enough or holds everything. Equal counts go to the price nearest the
    catalog's median, then to the lower row. Where the first five are all known to lie in
    one price band (terciles of the catalog), the fifth gives way to the next most popular
    item of another band. Five of which one has no price are left as they are: nothing
    says that they are alike.

    In a formula, for item j with price p_j and T the newest day:

        count_j    = |{interactions of j : rating = 5 and day > T - window_days}|
        distance_j = |ln p_j - ln median(p)|, infinite where p_j is unknown
        order      = sort by (-count_j, distance_j, j)

    A year is long enough for the counts to mean something and short enough for items that went
    out of fashion to drop out; shorter windows gave cold-start users fewer hits on each of three
    data sets, and other shapes than a window made no difference beyond the noise.

    Price has so little weight because stricter rules (one item per price band, a price limit)
    cost up to half of the hits when measured on users never seen.

    Args:
        item_rows: (n,) item row of each interaction.
        days: (n,) day of each interaction, whole days since the epoch.
        ratings: (n,) rating of each interaction, 1 to 5.
        raw_prices: (n_items,) float, USD, NaN where unknown.
        window_days: Length in days of the first window tried, at least 1.
        mix_prices: Whether the fifth item may give way for its price; False shows what that
            costs.
    """
    n_items = len(raw_prices)
    liked = np.asarray(ratings) >= FIVE_STARS
    counts, used_days = _windowed_counts(item_rows[liked], days[liked], days, n_items, window_days)
    distance = _price_distance(raw_prices)
    by_count = np.lexsort((np.arange(n_items), distance, -counts))
    order = by_count
    if mix_prices:
        order = _mix_price_bands(by_count, counts, price_bands(raw_prices))
    moved = order[:BAND_MIX_LENGTH][order[:BAND_MIX_LENGTH] != by_count[:BAND_MIX_LENGTH]]
    moved_up = int(moved[0]) if len(moved) else None
    return ColdStart(order.astype(np.int32), used_days, counts.astype(np.int32), moved_up)


def price_bands(raw_prices: NDArray[np.floating]) -> NDArray[np.int8]:
    """Cut prices (n_items,) into terciles: 0 low, 1 middle, 2 high, -1 where unknown."""
    bands = np.full(len(raw_prices), -1, dtype=np.int8)
    known = np.isfinite(raw_prices)
    if known.any():
        shares = np.arange(1, N_PRICE_BANDS) / N_PRICE_BANDS
        bands[known] = np.searchsorted(
            np.quantile(raw_prices[known], shares), raw_prices[known], side="left"
        )
    return bands


def _windowed_counts(
    item_rows: NDArray[np.integer],
    liked_days: NDArray[np.integer],
    all_days: NDArray[np.integer],
    n_items: int,
    window_days: int,
) -> tuple[NDArray[np.float64], int]:
    """Count liked interactions per item in the first window that holds enough of them."""
    if len(all_days) == 0:
        return np.zeros(n_items), window_days
    newest, oldest = int(all_days.max()), int(all_days.min())
    while True:
        counts = popularity_counts(item_rows, liked_days, n_items, window_days, newest_day=newest)
        enough = counts.sum() >= MIN_INTERACTIONS and (counts > 0).sum() >= MIN_ITEMS
        if enough or newest - window_days < oldest:
            return counts, window_days
        window_days *= 2


def _price_distance(raw_prices: NDArray[np.floating]) -> NDArray[np.float64]:
    """Distance of each price from the median in log space, infinite where unknown."""
    known = np.isfinite(raw_prices) & (raw_prices > 0)
    distance = np.full(len(raw_prices), np.inf)
    if known.any():
        logs = np.log(raw_prices[known])
        distance[known] = np.abs(logs - np.median(logs))
    return distance


def _mix_price_bands(
    order: NDArray[np.intp], counts: NDArray[np.float64], bands: NDArray[np.int8]
) -> NDArray[np.intp]:
    """Bring a second price band into the first five, where a rated item offers one."""
    head = order[:BAND_MIX_LENGTH]
    band = bands[head].max(initial=-1)
    if len(head) < BAND_MIX_LENGTH or band < 0 or (bands[head] != band).any():
        return order
    rest = order[BAND_MIX_LENGTH:]
    other = np.flatnonzero((bands[rest] >= 0) & (bands[rest] != band) & (counts[rest] > 0))
    if other.size == 0:
        return order
    chosen = BAND_MIX_LENGTH + other[0]
    last = BAND_MIX_LENGTH - 1
    moved = order[chosen]
    return np.insert(np.delete(order, chosen), last, moved)
