"""How often each item was reviewed: ever, lately, or with newer reviews counting more."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray


def popularity_counts(
    items: NDArray[Any],
    days: NDArray[Any],
    n_items: int,
    window_days: float | None = None,
    decay_days: float | None = None,
    newest_day: int | None = None,
) -> NDArray[np.float64]:
    """Count the reviews of each item.

        window:  count_j = |{reviews of j : T - day < window_days}|
        decay:   count_j = Σ exp(-(T - day) / decay_days)

    with T the newest day, taken from the data and not from the clock.

    Args:
        items: (n,) int, item row of each review.
        days: (n,) int, day of each review.
        n_items: Number of items in the catalog.
        window_days: Age in days from which reviews don't count; None for no limit.
        decay_days: Age in days at which a review counts 1 / e; None if age doesn't matter.
        newest_day: T, where it isn't the newest of `days`.

    Returns:
        (n_items,) float64.

    >>> popularity_counts(np.array([0, 0, 1]), np.array([0, 10, 30]), 2, window_days=21).tolist()
    [1.0, 1.0]
    """
    if newest_day is None and len(days):
        newest_day = days.max()
    age = ((newest_day or 0) - days).astype(np.float64)
    weights = np.exp(-age / decay_days) if decay_days else np.ones(len(age))
    if window_days:
        weights = np.where(age < window_days, weights, 0.0)
    return np.bincount(items, weights=weights, minlength=n_items).astype(np.float64)
