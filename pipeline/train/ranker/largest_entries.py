"""The largest entries of each row of a similarity, chosen in compiled code.

Rows are made one after the other and forgotten once their largest entries are kept: neither the
product of two sparse matrices nor its entries are ever held or sorted whole.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scoring.search.jit import entry, inlined
from scoring.search.ranked import keep_best
from scoring.search.tables import Array

SparseRows = Any
"""`pipeline.train.ranker.nearest.SparseRows`, which imports this module."""

_CHUNK = 64
"""Values that are compared with the limit together, by vector instructions."""


@inlined
def keep_largest(values: Array, own: int, neighbors: Array, weights: Array) -> int:
    """Keep the largest positive values of a row but that of column `own`; return how many.

    They are sorted, equal ones by lower column: columns come in order, so a value that equals
    the last one kept is never better.
    """
    found, limit = 0, np.float32(0.0)
    for first in range(0, values.size, _CHUNK):
        end = min(first + _CHUNK, values.size)
        n_above = 0
        for column in range(first, end):
            n_above += values[column] > limit
        if n_above == 0:
            continue
        for column in range(first, end):
            if values[column] > limit and column != own:
                found = keep_best(column, values[column], neighbors, weights, found)
                if found == neighbors.size:
                    limit = weights[found - 1]
    return found


@inlined
def add_row(left: SparseRows, right: SparseRows, row: int, sums: Array) -> None:
    """Add row `row` of left · right to the sums (n_columns,)."""
    for at in range(left.starts[row], left.starts[row + 1]):
        middle, value = left.columns[at], left.values[at]
        for place in range(right.starts[middle], right.starts[middle + 1]):
            sums[right.columns[place]] += value * right.values[place]


@inlined
def add_row_noting(
    left: SparseRows, right: SparseRows, row: int, sums: Array, last_row: Array, reached: Array
) -> int:
    """Do the same and list the columns reached; return how many.

    `last_row` (n_columns,) holds for each column the last row that reached it.
    """
    n_reached = 0
    for at in range(left.starts[row], left.starts[row + 1]):
        middle, value = left.columns[at], left.values[at]
        for place in range(right.starts[middle], right.starts[middle + 1]):
            column = right.columns[place]
            if last_row[column] != row:
                last_row[column] = row
                reached[n_reached] = column
                n_reached += 1
            sums[column] += value * right.values[place]
    return n_reached


@entry
def of_product(
    left: SparseRows, right: SparseRows, first: int, neighbors: Array, weights: Array, counts: Array
) -> None:
    """Write the largest entries of rows of left · right, both with n_items columns or rows.

    Args:
        left: (n_items, m).
        right: (m, n_items), of the same type, in which sums are taken.
        first: The first of the rows.
        neighbors: (n_rows, n) int32, to write to.
        weights: (n_rows, n) float32, to write to.
        counts: (n_rows,) int64, to write to: how many were found.
    """
    n_items = left.starts.size - 1
    sums = np.zeros(n_items, left.values.dtype)
    last_row, reached = np.full(n_items, -1, np.int32), np.empty(n_items, np.int32)
    for place in range(counts.size):
        row = first + place
        n_terms = 0
        for middle in left.columns[left.starts[row] : left.starts[row + 1]]:
            n_terms += right.starts[middle + 1] - right.starts[middle]
        if n_terms >= n_items:
            add_row(left, right, row, sums)
            counts[place] = keep_largest(
                sums.astype(np.float32), row, neighbors[place], weights[place]
            )
            sums[:] = 0
            continue
        n_reached, found = add_row_noting(left, right, row, sums, last_row, reached), 0
        for column in reached[:n_reached]:
            total = np.float32(sums[column])
            sums[column] = 0
            if total > 0 and column != row:
                found = keep_best(column, total, neighbors[place], weights[place], found)
        counts[place] = found


@entry
def of_rows(rows: Array, first: int, neighbors: Array, weights: Array, counts: Array) -> None:
    """Write the largest entries of rows (n_rows, n_items) float32, as `of_product` does."""
    for place in range(counts.size):
        counts[place] = keep_largest(rows[place], first + place, neighbors[place], weights[place])
