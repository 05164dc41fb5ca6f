"""A few numbers about a user that a ranker can weigh: the profile input of the network.

They are made of the user's history only (`recsys.history`), so a visitor who
names some items has a profile too, and new interactions count at the next reload.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import FloatArray
from recsys.history import History
from recsys.interactions import FIVE_STARS

PROFILE_COLUMNS: Final = ("log_count", "rating", "log_price", "five_star")
"""The columns of a profile, in their order."""

FIVE_STAR: Final = PROFILE_COLUMNS.index("five_star")

RATING_PSEUDO_COUNTS: Final = 5
FIVE_STAR_PSEUDO_COUNTS: Final = 3


def user_profiles(
    history: History,
    ratings: NDArray[Any],
    log_prices: NDArray[Any],
    five_star_rates: NDArray[Any] | None = None,
    mean_rating: float | None = None,
) -> FloatArray:
    """Describe each user by four numbers; a user without history has zeros.

    With w the weights of the items in the history, and r the ratings of the m rated ones:

        log_count   log1p(Σ max(w, 0)), of reviews and purchases log1p(n)
        rating      Σ (r - mean of all histories) / (m + 5)
        log_price   mean of the known centered log prices of the items, 0 where none is known;
                    hidden items don't count
        five_star   Σ (1[r = 5] - five-star rate of the item) / (m + 3)

    Args:
        history: The newest distinct items of each user.
        ratings: (len(history.items),) float, of each entry: `all_ratings[history.interactions]`;
            NaN where it has none.
        log_prices: (n_items,) float of `centered_log_prices`, NaN where unknown.
        five_star_rates: (n_items,) float; without them `five_star` is 0.
        mean_rating: The mean of all histories, if these are some of them.

    Returns:
        (n_users, 4) float32, columns `PROFILE_COLUMNS`.
    """
    given = np.asarray(ratings, dtype=np.float64)
    mean = mean_of(given) if mean_rating is None else mean_rating
    profiles = _without_ratings(history, log_prices)
    rated = np.isfinite(given)
    counts = _sums(history, rated)
    distance = np.where(rated, given - mean, 0.0)
    profiles[:, 1] = _sums(history, distance) / (counts + RATING_PSEUDO_COUNTS)
    if five_star_rates is not None:
        surprise = (given == FIVE_STARS) - np.asarray(five_star_rates, np.float64)[history.items]
        surprise = np.where(rated, surprise, 0.0)
        profiles[:, FIVE_STAR] = _sums(history, surprise) / (counts + FIVE_STAR_PSEUDO_COUNTS)
    return profiles.astype(np.float32)


def mean_of(ratings: NDArray[Any]) -> float:
    """Average the ratings of all histories, NaN for none, 0 without any."""
    rated = ratings[np.isfinite(ratings)]
    return float(np.mean(rated, dtype=np.float64)) if len(rated) else 0.0


def visitor_profile(history: History, log_prices: NDArray[Any]) -> FloatArray:
    """Describe people of whom only items are known: (n, 4) float32, no ratings.

    Args:
        history: Their items, newest first.
        log_prices: (n_items,) float, as in `user_profiles`.
    """
    return _without_ratings(history, log_prices).astype(np.float32)


def centered_log_prices(prices: NDArray[np.float64]) -> FloatArray:
    """Log price less the catalog's median log price: (n_items,) float32.

    Args:
        prices: (n_items,) USD; NaN where unknown, and so is the result, as for a price of 0.
    """
    known = np.isfinite(prices) & (prices > 0)
    logs = np.log(prices, out=np.full(len(prices), np.nan), where=known)
    return (logs - (np.median(logs[known]) if known.any() else 0.0)).astype(np.float32)


def _without_ratings(history: History, log_prices: NDArray[Any]) -> NDArray[np.float64]:
    profiles = np.zeros((history.n_users, len(PROFILE_COLUMNS)))
    positive = history.positive_weights
    prices = np.asarray(log_prices, dtype=np.float64)[history.items]
    known = np.isfinite(prices)
    if positive is None:
        profiles[:, 0] = np.log1p(np.diff(history.starts))
    else:
        profiles[:, 0] = np.log1p(_sums(history, positive))
        known &= positive > 0
    totals = _sums(history, np.where(known, prices, 0.0))
    profiles[:, 2] = totals / np.maximum(_sums(history, known), 1)
    return profiles


def _sums(history: History, values: NDArray[Any]) -> NDArray[np.float64]:
    """Sum of the values of each user, added up newest first."""
    sums = np.bincount(history.users, weights=values.astype(np.float64), minlength=history.n_users)
    return sums.astype(np.float64, copy=False)
