"""The arrays that compiled functions take, and the sizes that all of them share."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np

Array = np.ndarray[tuple[int, ...], np.dtype[Any]]

Span = tuple[int, int]
"""First, and one past the last."""

BLOCK: Final = 32
"""Items of a block: 32 rows of 129 float32 take half of a 32 KiB first-level cache."""

GROUP: Final = 8
"""Bytes whose absolute differences one processor instruction adds."""


class Table(NamedTuple):
    """The head and the item half.

    Attributes:
        weights: (n_relu,) float32.
        bias: (1,) float64.
        items: (n_items, width) float32, rows [h (n_relu) | q (n_product) | e].
        peaks: (width,) float32, the largest magnitude of each column of `items`.
    """

    weights: Array
    bias: Array
    items: Array
    peaks: Array


class Codes(NamedTuple):
    """The item half in bytes, see `scoring.search.quantize`; no blocks where there is none.

    Attributes:
        blocks: (n_blocks, n_groups, BLOCK, GROUP) uint8.
        ceiling: (n_blocks * BLOCK,) float32, what an item adds to the bound of its score.
        grid: (n_relu, 5) float64: low, high, step, first byte, number of bytes.
        unit: (2,) float64: half the score of one step; groups of positive weight.
    """

    blocks: Array
    ceiling: Array
    grid: Array
    unit: Array


class Users(NamedTuple):
    """Some users, prepared for the search.

    Attributes:
        rows: (m, width) float32, rows [a (n_relu) | p (n_product) | c].
        floors: (m, n_relu) float32, -a.
        coded: (m, n_groups * GROUP) uint8.
        constants: (m,) float64, the part of the score that no item changes.
        offsets: (m,) float32, what the user adds to the bound of a score.
        differences: (BLOCK,) int32, workspace for one block's sums.
        bounds: (BLOCK,) float32, workspace for one block's bounds.
    """

    rows: Array
    floors: Array
    coded: Array
    constants: Array
    offsets: Array
    differences: Array
    bounds: Array


class CompiledSimilarities(NamedTuple):
    """item similarities in compressed rows, see `scoring.search.affinity`.

    Attributes:
        decay: (C,) float32.
        starts: (n_items * C + 1,) int64; what item i says in similarity c begins at
            starts[i * C + c].
        neighbors: (nnz,) int32.
        weights: (nnz,) float32.
    """

    decay: Array
    starts: Array
    neighbors: Array
    weights: Array


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


class Affinity(NamedTuple):
    """What the histories of some users add to the items' rows; no similarities where they add nothing.

    Attributes:
        similarities: The item similarities.
        gains: (C, width) float32, what a unit of each affinity adds to an item's row.
        starts: (m + 1,) int64; the history of user u is `items[starts[u]:starts[u + 1]]`.
        items: int32 item rows, newest first.
        workspace: Of this thread.
    """

    similarities: CompiledSimilarities
    affinity_weights: Array
    starts: Array
    items: Array
    workspace: Workspace

    @property
    def parts(self) -> tuple[tuple[Array, ...], Array, Array, Array, tuple[Array, ...]]:
        """The same as plain tuples, for an entry."""
        return (
            tuple(self.similarities),
            self.affinity_weights,
            self.starts,
            self.items,
            tuple(self.workspace),
        )
