"""The compiled search by itself: an index and the users' rows, without a service around them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from classes.array_folder import open_arrays
from classes.kernel_scorer import CODES
from classes.scorers import HEAD_FILE
from recsys import kernels
from recsys.artifacts import FloatArray
from recsys.joint_file import load_head
from recsys.kernels.item_index import NO_ROWS
from recsys.ranking import Ranking


@dataclass(frozen=True)
class Search:
    """Searches for users by row, as the service does for a network without affinities."""

    index: kernels.ItemIndex
    user_half: FloatArray

    def top_k(self, row: int, k: int, excluded: NDArray[np.int32] = NO_ROWS) -> Ranking:
        """Rank the k best items of one user."""
        return kernels.top_k(self.index, self.user_half[row], k, excluded)

    def top_k_of_many(self, rows: Sequence[int], k: int) -> object:
        """Rank for many users who pass over the items together."""
        starts = np.zeros(len(rows) + 1, np.int64)
        return kernels.top_k_batch(self.index, self.user_half[rows], k, starts, NO_ROWS)

    def score(self, row: int) -> FloatArray:
        """Score every item."""
        return kernels.score_items(self.index, self.user_half[row])


def open_both(folder: Path) -> dict[str, Search]:
    """Open a saved model twice: to be searched in float32, and in the bytes that it has."""
    head, arrays = load_head(folder / HEAD_FILE), open_arrays(folder)
    parts = [arrays.get(CODES + name) for name in kernels.Codes._fields]
    codes = None if parts[0] is None else kernels.Codes(*cast("list[NDArray[Any]]", parts))
    item_half, user_half = (
        np.asarray(arrays[name], dtype=np.float32) for name in ("item_half", "user_half")
    )

    def search(some: kernels.Codes | None) -> Search:
        index = kernels.ItemIndex.build(head.relu_weights, head.bias, item_half, some)
        return Search(index, kernels.frozen(user_half, np.float32))

    return {"float32": search(None), "byte": search(codes)}
