"""From scores to ranked items."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Ranking(NamedTuple):
    """Ranked items of one user: `rows` (k,) int32, best first, and their `scores` (k,) float32."""

    rows: NDArray[np.int32]
    scores: NDArray[np.float32]


def top_rows(
    scores: NDArray[np.floating],
    k: int,
    excluded: NDArray[np.integer],
    candidates: NDArray[np.bool_] | None = None,
) -> NDArray[np.int32]:
    """Find the rows of the k highest scores, best first, equal scores by lower row.

    Args:
        scores: (n_items,) float; finite but for the excluded rows.
        k: Number of rows; fewer are returned only where fewer are left.
        excluded: Rows that are not returned.
        candidates: (n_items,) mask of the rows that may be returned; None for all.

    Returns:
        (min(k, n_left),) int32.
    """
    allowed = np.ones(len(scores), dtype=np.bool_) if candidates is None else candidates.copy()
    allowed[excluded] = False
    rows = np.flatnonzero(allowed)
    left = scores[rows]
    k = min(k, len(rows))
    if k <= 0:
        return np.empty(0, dtype=np.int32)
    threshold = np.partition(left, len(left) - k)[len(left) - k]
    best = np.flatnonzero(left >= threshold)
    order = np.lexsort((best, -left[best]))[:k]
    return rows[best[order]].astype(np.int32)
