"""The nearest neighbors of every item by a similarity, on all cores, block of rows by block."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextvars import ContextVar
from functools import partial
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.cores import usable_cores
from recsys.arrays import BoolArray, FloatArray
from scoring.search.tables import frozen

NEIGHBORS: Final = 100
"""Entries kept of a row; truncating the spectrum instead costs a third of the NDCG."""

_BLOCK_ENTRIES: Final = 20_000_000
"""Entries of a block if every item touched every other: 80 MB of float32, one block a core."""

OnRows = Callable[[int, int], object]
"""Told how many rows are done, and of how many."""


Spans = Sequence[tuple[int, int]]
"""Blocks of rows: the first of each, and the one after its last."""


class SparseRows(NamedTuple):
    """A matrix in CSR form, as compiled functions take it.

    Attributes:
        starts: (n_rows + 1,) int64.
        columns: (nnz,) int32.
        values: (nnz,) float32 or float64.
    """

    starts: NDArray[np.int64]
    columns: NDArray[np.int32]
    values: NDArray[Any]

    @classmethod
    def of(cls, matrix: Any) -> SparseRows:
        """View a SciPy matrix in CSR form."""
        return cls(
            frozen(matrix.indptr, np.int64),
            frozen(matrix.indices, np.int32),
            frozen(matrix.data, matrix.data.dtype),
        )


class Product(NamedTuple):
    """A similarity as a product of two sparse matrices, which is never made whole.

    Attributes:
        left: (n_items, m) float32 or float64.
        right: (m, n_items), of the same type, in which sums are taken.
    """

    left: SparseRows
    right: SparseRows

    @classmethod
    def of(cls, left: Any, right: Any) -> Product:
        """Multiply two SciPy matrices in CSR form."""
        return cls(SparseRows.of(left), SparseRows.of(right))

    @property
    def n_items(self) -> int:
        """Rows, and columns."""
        return len(self.left.starts) - 1

    def of_items(self, mask: BoolArray) -> Product:
        """Keep the rows of some items, a mask (n_items,); the others become empty."""
        lengths = np.diff(self.left.starts)
        kept, starts = np.repeat(mask, lengths), np.concatenate([[0], np.cumsum(lengths * mask)])
        columns, values = self.left.columns[kept], self.left.values[kept]
        left = SparseRows(
            frozen(starts, np.int64), frozen(columns, np.int32), frozen(values, values.dtype)
        )
        return Product(left, self.right)


class Cosines(NamedTuple):
    """The cosines of vectors as a similarity.

    Attributes:
        by_dimension: (d, n_items) float32, contiguous; each item's has length 1 or 0.
    """

    by_dimension: FloatArray

    @property
    def n_items(self) -> int:
        """Rows, and columns."""
        return int(self.by_dimension.shape[1])


class Entries(NamedTuple):
    """A sparse similarity, or some of its rows: item after item, each largest weight first.

    Attributes:
        counts: (n_items,) int32, entries of each item.
        neighbors: (nnz,) int32 item rows.
        weights: (nnz,) float32.
    """

    counts: NDArray[np.int32]
    neighbors: NDArray[np.int32]
    weights: FloatArray

    @property
    def items(self) -> NDArray[np.int32]:
        """The item of each entry, (nnz,)."""
        return np.repeat(np.arange(len(self.counts), dtype=np.int32), self.counts)

    def of_items(self, mask: BoolArray) -> Entries:
        """Keep the entries of some items, a mask (n_items,)."""
        kept = np.repeat(mask, self.counts)
        return Entries(self.counts * mask, self.neighbors[kept], self.weights[kept])

    def among(self, mask: BoolArray) -> Entries:
        """Keep the entries whose neighbors are some items, a mask (n_items,)."""
        kept = mask[self.neighbors]
        counts = np.bincount(self.items[kept], minlength=len(self.counts)).astype(np.int32)
        return Entries(counts, self.neighbors[kept], self.weights[kept])


Across = Callable[[Product | Cosines, int, Spans], Iterator[Entries]]
"""Does `nearest_of` for all blocks, and yields the results in their order."""


def nearest(
    similarity: Product | Cosines, n: int = NEIGHBORS, on_rows: OnRows = lambda *_: None
) -> Entries:
    """Keep the n largest positive entries of each row, equal ones by lower row, no diagonal."""
    n_items = similarity.n_items
    parts = [Entries(np.empty(0, np.int32), np.empty(0, np.int32), np.empty(0, np.float32))]
    spans = list(blocks(n_items))
    for (_, end), part in zip(spans, ACROSS.get()(similarity, n, spans), strict=True):
        parts.append(part)
        on_rows(end, n_items)
    return joined(parts)


def _on_cores(similarity: Product | Cosines, n: int, spans: Spans) -> Iterator[Entries]:
    from threadpoolctl import threadpool_limits  # absent where only the service is installed

    # The last bit of a product depends on how many threads make it; blocks use all cores already.
    with threadpool_limits(1, "blas"), ThreadPoolExecutor(usable_cores()) as cores:
        yield from cores.map(partial(nearest_of, similarity, n), spans)


ACROSS: Final[ContextVar[Across]] = ContextVar("ACROSS", default=_on_cores)
"""What does the blocks: the cores of this process, or another engine."""


def nearest_of(similarity: Product | Cosines, n: int, span: tuple[int, int]) -> Entries:
    """Keep what `nearest` keeps, of the rows from the first of `span` to before its last."""
    from pipeline.train.ranker import largest_entries  # numba takes half a second

    first, end = span
    n = min(n, similarity.n_items)
    neighbors = np.empty((end - first, n), np.int32)
    weights, counts = np.empty(neighbors.shape, np.float32), np.zeros(end - first, np.int32)
    if isinstance(similarity, Product):
        largest_entries.of_product(*similarity, first, neighbors, weights, counts)
    else:
        # A view of the same memory: of a matrix and its own transpose, BLAS rounds otherwise.
        rows = similarity.by_dimension.T[first:end] @ similarity.by_dimension
        largest_entries.of_rows(frozen(rows, np.float32), first, neighbors, weights, counts)
    kept = np.arange(n) < counts[:, None]
    return Entries(counts, neighbors[kept], weights[kept])


def joined(parts: Sequence[Entries]) -> Entries:
    """Concatenate the entries of some rows and of those that come after them."""
    return Entries(*(np.concatenate(column) for column in zip(*parts, strict=True)))


def blocks(n_items: int) -> Iterator[tuple[int, int]]:
    """Cut a catalog into ranges of rows whose full rows fit in some 80 MB."""
    size = max(_BLOCK_ENTRIES // max(n_items, 1), 1)
    for first in range(0, n_items, size):
        yield first, min(first + size, n_items)
