"""The same list for everybody: what was reviewed most, lately or ever."""

from __future__ import annotations

from functools import partial
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.baselines.baseline import Baseline, Fitted, Ladder, TrainingData
from recsys.arrays import FloatArray, Rows
from recsys.popularity import popularity_counts

DECAYS_DAYS: Final = (1, 3, 5, 10, 20, 40, 80, 160, 320, 640, None)


def fit(data: TrainingData, decay_days: float | None = None) -> Fitted:
    """Count reviews, those by anonymous customers too, newer ones more."""
    scores = counts(data, decay_days).astype(np.float32)
    return Fitted(partial(_same_for_all, scores), scores.nbytes)


def counts(data: TrainingData, decay_days: float | None) -> NDArray[np.float64]:
    """Count the reviews of each item, (n_items,), as `recsys.popularity` does."""
    rows = data.rows.where(data.rows.items >= 0)
    return popularity_counts(rows.items, rows.days, data.n_items, decay_days=decay_days)


def _same_for_all(scores: FloatArray, users: Rows) -> FloatArray:
    return np.broadcast_to(scores, (len(users), len(scores)))


PLAIN: Final = Baseline("popularity", fit)
TUNED: Final = Baseline(
    "popularity, tuned", fit, {"decay_days": Ladder(DECAYS_DAYS, DECAYS_DAYS.index(40))}
)
