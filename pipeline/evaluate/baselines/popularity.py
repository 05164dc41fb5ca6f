"""The same list for everybody: what was reviewed most, lately or ever."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.baselines.history import Baseline, Fitted, History

WINDOWS_DAYS: Final = (30, 90, 180, 365)
DECAYS_DAYS: Final = (15, 30, 60, 180)


def popularity_counts(
    items: NDArray[np.integer],
    days: NDArray[np.integer],
    n_items: int,
    window_days: float | None = None,
    decay_days: float | None = None,
) -> NDArray[np.float64]:
    """Count the reviews of each item, the newer ones more.

        window:  count_j = |{reviews of j : T - day < window_days}|
        decay:   count_j = Σ exp(-(T - day) / decay_days)

    with T the newest day; counted from the data and not from today.

    Args:
        items: (n,) item row of each review.
        days: (n,) its day.
        n_items: Items of the catalog.
        window_days: Reviews older than this don't count; None: no limit.
        decay_days: Age at which a review counts 1 / e; None: age doesn't matter.
    """
    age = (days.max(initial=0) - days).astype(np.float64)
    weights = np.exp(-age / decay_days) if decay_days else np.ones(len(age))
    if window_days:
        weights = np.where(age < window_days, weights, 0.0)
    return np.bincount(items, weights=weights, minlength=n_items).astype(np.float64)


def fit(history: History, **settings: Any) -> Fitted:
    """Count with a window or a decay; reviews by anonymous customers count too."""
    rows = history.rows.where(history.rows.items >= 0)
    counts = popularity_counts(rows.items, rows.days, history.n_items, **settings)
    scores = counts.astype(np.float32)
    return Fitted(partial(_same_for_all, scores), scores.nbytes)


def _same_for_all(scores: NDArray[np.float32], users: NDArray[np.int64]) -> NDArray[np.float32]:
    return np.broadcast_to(scores, (len(users), len(scores)))


PLAIN: Final = Baseline("popularity", fit)
TUNED: Final = Baseline(
    "popularity, tuned",
    fit,
    (
        *({"window_days": days} for days in WINDOWS_DAYS),
        *({"decay_days": days} for days in DECAYS_DAYS),
    ),
)
