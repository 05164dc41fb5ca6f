"""What a ranker knows about an item besides its neighbors: popularity, rating and price at a cutoff.

These are the columns of `item_price_df.pq` after the price, and with it one input of the
network. Every interaction counts, those of anonymous customers too.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import BoolArray, FloatArray
from recsys.features.user_profile import mean_of
from recsys.popularity import popularity_counts

ITEM_COLUMNS: Final = (
    "log_count_10d",
    "log_count_30d",
    "log_count_180d",
    "log_count",
    "has_history",
    "rating",
    "log_price",
    "five_star_rate",
)
"""The columns in order; `recsys.columns.PRICE` comes before them in the file."""

POPULARITY_COLUMNS: Final = (0, 1, 2, 3)
"""The columns that order items by popularity."""

FIVE_STAR_RATE: Final = ITEM_COLUMNS.index("five_star_rate")
HAS_HISTORY: Final = ITEM_COLUMNS.index("has_history")
LOG_COUNT: Final = ITEM_COLUMNS.index("log_count")
LOG_PRICE: Final = ITEM_COLUMNS.index("log_price")

RATING_PSEUDO_COUNTS: Final = 5
DECAY_DAYS: Final = (10, 30, 180)


def known_items(columns: FloatArray) -> BoolArray:
    """Mark the items of the catalog as of the cutoff at which columns were made, (n_items,).

    A catalog made of all reviews holds items that came later. As negatives they would teach that
    new items aren't chosen; as positives, that all of them are, since the catalog has no others.
    """
    return columns[:, HAS_HISTORY] > 0


def as_unreviewed(columns: FloatArray) -> FloatArray:
    """Describe the same items as if nobody had reviewed them, (n_items, 8) float32.

    What is left is the price. The five-star rate is the mean over all reviews, as the bias model
    gives it to an item without any.
    """
    result = np.zeros_like(columns)
    result[:, LOG_PRICE] = columns[:, LOG_PRICE]
    counts = np.expm1(columns[:, LOG_COUNT].astype(np.float64))
    if counts.any():
        result[:, FIVE_STAR_RATE] = np.average(columns[:, FIVE_STAR_RATE], weights=counts)
    return result


def item_columns(
    items: NDArray[Any],
    days: NDArray[Any],
    ratings: NDArray[Any],
    log_prices: NDArray[Any],
    five_star_rates: NDArray[Any],
) -> FloatArray:
    """Describe each item by the interactions so far.

    With n interactions of ages a (days before the newest one of all), and ratings r of m of them:

        log_count_10d, _30d, _180d   log1p(Σ exp(-a / 10)), … 30, … 180
        log_count, has_history       log1p(n), 1[n > 0]
        rating                       Σ (r - mean rating) / (m + 5)
        log_price                    centered log price, 0 where unknown
        five_star_rate               as given

    Args:
        items: (m,) int item rows, -1 for an unknown item.
        days: (m,) int.
        ratings: (m,) float, NaN where an interaction has none.
        log_prices: (n_items,) float, as `recsys.features.user_profile.centered_log_prices`
            computes them.
        five_star_rates: (n_items,) float, as `recsys.bias_model` estimates them.

    Returns:
        (n_items, 8) float32, columns `ITEM_COLUMNS`.
    """
    known = np.asarray(items) >= 0
    rows, when = np.asarray(items)[known], np.asarray(days)[known]
    given = np.asarray(ratings, dtype=np.float64)[known]

    def total(values: NDArray[Any] | None) -> NDArray[np.float64]:
        return np.bincount(rows, weights=values, minlength=len(log_prices)).astype(np.float64)

    counts, rated = total(None), np.isfinite(given)
    surprise = total(np.where(rated, given - mean_of(given), 0.0))
    result = (
        *(
            np.log1p(popularity_counts(rows, when, len(log_prices), decay_days=decay))
            for decay in DECAY_DAYS
        ),
        np.log1p(counts),
        counts > 0,
        surprise / (total(rated) + RATING_PSEUDO_COUNTS),
        np.nan_to_num(np.asarray(log_prices, dtype=np.float64)),
        five_star_rates,
    )
    return np.stack(result, axis=1).astype(np.float32)
