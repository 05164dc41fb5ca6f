"""Affinities as compiled functions take them."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np

from recsys.item_similarities import ItemSimilarities
from scoring.search.tables import NO_ROWS, USERS_AT_ONCE, Array, frozen


class CompiledSimilarities(NamedTuple):
    """The arrays of `ItemSimilarities` without the names, frozen.

    Attributes:
        decay: (C,) float32.
        starts: (n_items * C + 1,) int64; the entries of item i in similarity c begin at
            starts[i * C + c].
        neighbors: (nnz,) int32.
        weights: (nnz,) float32.
    """

    decay: Array
    starts: Array
    neighbors: Array
    weights: Array

    @classmethod
    def of(cls, similarities: ItemSimilarities) -> CompiledSimilarities:
        """View item similarities, which may be memory maps, without copying them."""
        return cls(*(frozen(array, array.dtype) for array in similarities[1:]))


class Workspace(NamedTuple):
    """Where one thread adds up; `sums` and `marks` are zero between two uses.

    Attributes:
        sums: (n_items, C) float32.
        marks: (n_items / 8,) uint8, a bit an item, set for those that were reached.
        reached: (n_items + 1,) int32, the rows of those that were, in order of reaching.
        bounds: (n_items,) float64, by place in `reached`.
    """

    sums: Array
    marks: Array
    reached: Array
    bounds: Array

    @classmethod
    def for_items(cls, n_items: int, n_similarities: int) -> Workspace:
        """Allocate 4 C + 12 bytes an item."""
        return cls(
            np.zeros((n_items, n_similarities), np.float32),
            np.zeros(-(-n_items // 8), np.uint8),
            np.empty(n_items + 1, np.int32),
            np.empty(n_items, np.float64),
        )


Parts = tuple[tuple[Array, ...], Array, Array, Array, Array, tuple[Array, ...]]
"""`CompiledAffinities.parts`."""


class CompiledAffinities(NamedTuple):
    """How the histories of some users change the items' rows; not at all without similarities.

    Attributes:
        similarities: How strongly an item speaks for the others.
        affinity_weights: (C, width) float32, what a unit of each affinity adds to an item's row.
        starts: (m + 1,) int64; the history of user u is `items[starts[u]:starts[u + 1]]`.
        items: int32 item rows, newest first.
        weights: float32, what each item counts for; empty where that is 1.
        workspace: Of the calling thread.
    """

    similarities: CompiledSimilarities
    affinity_weights: Array
    starts: Array
    items: Array
    weights: Array
    workspace: Workspace

    @property
    def parts(self) -> Parts:
        """The same as plain tuples, for an entry."""
        return (
            tuple(self.similarities),
            self.affinity_weights,
            self.starts,
            self.items,
            self.weights,
            tuple(self.workspace),
        )

    def of_users(self, first: int, end: int) -> CompiledAffinities:
        """Keep the histories of users `first` to `end` (not included)."""
        return self._replace(starts=self.starts[first : end + 1])


NO_AFFINITIES: Final = CompiledAffinities(
    CompiledSimilarities(
        frozen(np.empty(0), np.float32),
        frozen(np.empty(0), np.int64),
        frozen(np.empty(0), np.int32),
        frozen(np.empty(0), np.float32),
    ),
    frozen(np.empty((0, 0)), np.float32),
    frozen(np.zeros(USERS_AT_ONCE + 1), np.int64),
    NO_ROWS,
    frozen(np.empty(0), np.float32),
    Workspace.for_items(0, 0),
)
"""Of users without histories, or for a model that reads no affinities."""
