"""The compiled search by itself: an index and the users' rows, without a service around them."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import partial
from pathlib import Path

import numpy as np
from numba import njit
from numpy.typing import NDArray

from benchmarks.engine.interleaved import Job
from benchmarks.figures import BATCH
from recsys.arrays import FloatArray
from recsys.ranking import Ranking
from scoring import search as compiled
from scoring.head.head_file import load_head
from scoring.search.tables import NO_ROWS
from scoring.search_scorer import codes_of
from scoring.split_files import HEAD_FILE
from storage.array_folder import open_arrays

K = 5
READ = "read"


@dataclass(frozen=True)
class Search:
    """Searches for users by row, as the service does for a network without affinities."""

    index: compiled.ItemIndex
    user_half: FloatArray

    def top_k(self, row: int, k: int, excluded: NDArray[np.int32] = NO_ROWS) -> Ranking:
        """Rank the k best items of one user."""
        return compiled.top_k(self.index, self.user_half[row], k, excluded)

    def top_k_of_many(self, rows: Sequence[int], k: int) -> object:
        """Rank the k best items of each user, in one pass over the items."""
        starts = np.zeros(len(rows) + 1, np.int64)
        return compiled.top_k_batch(self.index, self.user_half[rows], k, starts, NO_ROWS)

    def score(self, row: int) -> FloatArray:
        """Score every item."""
        return compiled.score_items(self.index, self.user_half[row])


def open_both(folder: Path) -> dict[str, Search]:
    """Open a saved model twice: searched in float32, and by the byte codes saved with it."""
    head, arrays = load_head(folder / HEAD_FILE), open_arrays(folder)
    item_half, user_half = (
        np.asarray(arrays[name], dtype=np.float32) for name in ("item_half", "user_half")
    )

    def search(some: compiled.Codes | None) -> Search:
        index = compiled.ItemIndex.build(head.relu_weights, head.bias, item_half, some)
        return Search(index, compiled.frozen(user_half, np.float32))

    return {"float32": search(None), "byte": search(codes_of(arrays))}


@njit(nogil=True, fastmath=True)
def read_once(items: FloatArray) -> float:
    """Add everything up: the time to bring the item half into the processor."""
    total = np.float32(0.0)
    for row in range(items.shape[0]):
        for column in range(items.shape[1]):
            total += items[row, column]
    return float(total)


def search_jobs(
    searches: Mapping[str, Search], item_half: FloatArray, users: Sequence[int]
) -> dict[str, Job]:
    """List the searches, for one user and for a batch, beside reading the item half once."""
    jobs: dict[str, Job] = {READ: lambda _: read_once(item_half)}
    for name, search in searches.items():
        jobs[name] = partial(_search_one, search, users)
        jobs[f"{name}_batch"] = partial(_search_batch, search, users)
    return jobs


def times_a_user(jobs: Mapping[str, Sequence[float]]) -> dict[str, float]:
    """Median milliseconds a user of each job; a batch's are shared by its users."""
    return {
        name: float(np.median(taken)) / (BATCH if name.endswith("_batch") else 1)
        for name, taken in jobs.items()
    }


def _search_one(search: Search, users: Sequence[int], call: int) -> object:
    return search.top_k(users[call % len(users)], K)


def _search_batch(search: Search, users: Sequence[int], call: int) -> object:
    some = [users[(call * BATCH + place) % len(users)] for place in range(BATCH)]
    return search.top_k_of_many(some, K)
