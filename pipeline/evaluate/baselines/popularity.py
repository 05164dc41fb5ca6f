"""The same list for everybody: what was reviewed most, lately or ever."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import numpy as np

from pipeline.evaluate.baselines.baseline import Baseline, Fitted, TrainingData
from recsys.arrays import FloatArray, Rows
from recsys.popularity import popularity_counts

WINDOWS_DAYS: Final = (30, 90, 180, 365)
DECAYS_DAYS: Final = (15, 30, 60, 180)


def fit(data: TrainingData, **settings: Any) -> Fitted:
    """Count with a window or a decay; reviews by anonymous customers count too."""
    rows = data.rows.where(data.rows.items >= 0)
    counts = popularity_counts(rows.items, rows.days, data.n_items, **settings)
    scores = counts.astype(np.float32)
    return Fitted(partial(_same_for_all, scores), scores.nbytes)


def _same_for_all(scores: FloatArray, users: Rows) -> FloatArray:
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
