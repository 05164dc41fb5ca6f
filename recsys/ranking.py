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
    scores: NDArray[np.floating], k: int, excluded: NDArray[np.integer]
) -> NDArray[np.int32]:
    """Rows of the k highest scores, best first, equal scores by lower row.

    Args:
        scores: (n_items,) finite.
        k: How many rows, fewer only where fewer are left.
        excluded: Rows never to return.

    Returns:
        (min(k, n_items - n_excluded),) int32.
    """
    allowed = scores.astype(np.float64)
    allowed[excluded] = -np.inf
    n_left = len(scores) - len(np.unique(excluded))
    k = min(k, n_left)
    if k <= 0:
        return np.empty(0, dtype=np.int32)
    threshold = np.partition(allowed, len(allowed) - k)[len(allowed) - k]
    candidates = np.flatnonzero(allowed >= threshold)
    best = np.lexsort((candidates, -allowed[candidates]))[:k]
    return candidates[best].astype(np.int32)
