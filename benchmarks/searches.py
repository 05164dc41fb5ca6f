"""The compiled search by itself: an index and the users' rows, without a service around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import FloatArray
from recsys.ranking import Ranking
from scoring import search as compiled
from scoring.head.head_file import load_head
from scoring.scorers import HEAD_FILE
from scoring.search.item_index import NO_ROWS
from scoring.search_scorer import CODES
from storage.array_folder import open_arrays


@dataclass(frozen=True)
class Search:
    """Searches for users by row, as the service does for a network without affinities."""

    index: compiled.ItemIndex
    user_half: FloatArray

    def top_k(self, row: int, k: int, excluded: NDArray[np.int32] = NO_ROWS) -> Ranking:
        """Rank the k best items of one user."""
        return compiled.top_k(self.index, self.user_half[row], k, excluded)

    def top_k_of_many(self, rows: Sequence[int], k: int) -> object:
        """Rank for many users who pass over the items together."""
        starts = np.zeros(len(rows) + 1, np.int64)
        return compiled.top_k_batch(self.index, self.user_half[rows], k, starts, NO_ROWS)

    def score(self, row: int) -> FloatArray:
        """Score every item."""
        return compiled.score_items(self.index, self.user_half[row])


def open_both(folder: Path) -> dict[str, Search]:
    """Open a saved model twice: to be searched in float32, and in the bytes that it has."""
    head, arrays = load_head(folder / HEAD_FILE), open_arrays(folder)
    parts = [arrays.get(CODES + name) for name in compiled.Codes._fields]
    codes = None if parts[0] is None else compiled.Codes(*cast("list[NDArray[Any]]", parts))
    item_half, user_half = (
        np.asarray(arrays[name], dtype=np.float32) for name in ("item_half", "user_half")
    )

    def search(some: compiled.Codes | None) -> Search:
        index = compiled.ItemIndex.build(head.relu_weights, head.bias, item_half, some)
        return Search(index, compiled.frozen(user_half, np.float32))

    return {"float32": search(None), "byte": search(codes)}
