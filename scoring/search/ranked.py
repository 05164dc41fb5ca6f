"""Lists that stay sorted while items are inserted, and which items may be."""

from __future__ import annotations

import numpy as np

from scoring.search.jit import inlined
from scoring.search.tables import Array


@inlined
def is_candidate(row: int, excluded: Array, candidates: Array) -> bool:
    """Return whether an item is neither excluded (sorted rows) nor outside the mask, if any."""
    if candidates.size and not candidates[row]:
        return False
    place = np.searchsorted(excluded, row)
    return not (place < excluded.size and excluded[place] == row)


@inlined
def keep_best(row: int, score: float, rows: Array, scores: Array, found: int) -> int:
    """Insert an item into lists sorted by score, then lower row; return their length."""
    place = found
    while place > 0 and (
        score > scores[place - 1] or (score == scores[place - 1] and row < rows[place - 1])
    ):
        place -= 1
    if place == rows.size:
        return found
    end = min(found, rows.size - 1)
    for i in range(end, place, -1):
        rows[i] = rows[i - 1]
        scores[i] = scores[i - 1]
    rows[place] = row
    scores[place] = score
    return end + 1
