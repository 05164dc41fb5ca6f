"""The largest entries of each row of a similarity, chosen in compiled code.

Rows are made one after the other and forgotten once their largest entries are kept: neither the
product of two sparse matrices nor its entries are ever held or sorted whole.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from scoring.search.jit import entry, inlined
from scoring.search.tables import Array

SparseRows = Any
"""`pipeline.train.ranker.nearest.SparseRows`, which imports this module."""

_CHUNK = 64
"""Values that are compared with the limit together, by vector instructions."""

_CHEAPER = 8
"""So much cheaper is looking at a column than listing one that is reached."""


@inlined
def comes_after(neighbors: Array, weights: Array, place: int, other: int) -> bool:
    """Return whether an entry has a smaller weight than another, or an equal one and a later column."""
    if weights[place] == weights[other]:
        return bool(neighbors[place] > neighbors[other])
    return bool(weights[place] < weights[other])


@inlined
def swap(neighbors: Array, weights: Array, place: int, other: int) -> None:
    """Exchange two entries."""
    neighbors[place], neighbors[other] = neighbors[other], neighbors[place]
    weights[place], weights[other] = weights[other], weights[place]


@inlined
def sink(neighbors: Array, weights: Array, size: int) -> None:
    """Bring the first entry of a heap to its place, below all that come after it in the order."""
    place = 0
    while 2 * place + 1 < size:
        child = 2 * place + 1
        if child + 1 < size and comes_after(neighbors, weights, child + 1, child):
            child += 1
        if not comes_after(neighbors, weights, child, place):
            return
        swap(neighbors, weights, place, child)
        place = child


@inlined
def keep(column: int, weight: float, neighbors: Array, weights: Array, found: int) -> int:
    """Add an entry to a heap, which keeps the best of all, the last of them first; return its size.

    Sorted lists would be moved by 50 places for each new entry, seven levels are enough here.
    """
    if found < neighbors.size:
        neighbors[found], weights[found] = column, weight
        place = found
        while place > 0 and comes_after(neighbors, weights, place, (place - 1) // 2):
            swap(neighbors, weights, place, (place - 1) // 2)
            place = (place - 1) // 2
        return found + 1
    if weight > weights[0] or (weight == weights[0] and column < neighbors[0]):
        neighbors[0], weights[0] = column, weight
        sink(neighbors, weights, found)
    return found


@inlined
def sort_best_first(neighbors: Array, weights: Array, found: int) -> None:
    """Turn a heap into a list, the largest weight first, equal ones by lower column."""
    for size in range(found - 1, 0, -1):
        swap(neighbors, weights, 0, size)
        sink(neighbors, weights, size)


@inlined
def keep_largest(values: Array, own: int, neighbors: Array, weights: Array) -> int:
    """Keep the largest positive values of a row but that of column `own`; return how many.

    They are sorted, equal ones by lower column: columns come in order, so a value that equals
    the last one kept is never better.
    """
    found, limit = 0, np.float32(0.0)
    for first in range(0, values.size, _CHUNK):
        chunk, n_above = values[first : first + _CHUNK], np.int32(0)
        for value in chunk:
            n_above += np.int32(value > limit)
        if n_above == 0:
            continue
        for column, value in enumerate(chunk, first):
            if value > limit and column != own:
                found = keep(column, value, neighbors, weights, found)
                if found == neighbors.size:
                    limit = weights[0]
    sort_best_first(neighbors, weights, found)
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
    left: SparseRows, right: SparseRows, row: int, sums: Array, marks: Array, reached: Array
) -> int:
    """Do the same and list the columns reached; return how many.

    `marks` (n_columns / 8,) has a bit for each of them, as few as fit in the nearest cache.
    """
    n_reached = 0
    for at in range(left.starts[row], left.starts[row + 1]):
        middle, value = left.columns[at], left.values[at]
        for place in range(right.starts[middle], right.starts[middle + 1]):
            column = right.columns[place]
            sums[column] += value * right.values[place]
            # Without a branch, which would wait for the mark.
            reached[n_reached] = column
            n_reached += not (marks[column >> 3] >> (column & 7)) & 1
            marks[column >> 3] |= 1 << (column & 7)
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
        counts: (n_rows,) int32, to write to: how many were found.
    """
    n_items = left.starts.size - 1
    sums = np.zeros(n_items, left.values.dtype)
    marks, reached = np.zeros(n_items // 8 + 1, np.uint8), np.empty(n_items + 1, np.int32)
    for place in range(counts.size):
        row, own_neighbors, own_weights = first + place, neighbors[place], weights[place]
        n_terms = 0
        for middle in left.columns[left.starts[row] : left.starts[row + 1]]:
            n_terms += right.starts[middle + 1] - right.starts[middle]
        if n_terms * _CHEAPER >= n_items:
            add_row(left, right, row, sums)
            counts[place] = keep_largest(sums.astype(np.float32), row, own_neighbors, own_weights)
            sums[:] = 0
            continue
        n_reached, found = add_row_noting(left, right, row, sums, marks, reached), 0
        for column in reached[:n_reached]:
            total = np.float32(sums[column])
            sums[column], marks[column >> 3] = 0, 0
            if total > 0 and column != row:
                found = keep(column, total, own_neighbors, own_weights, found)
        sort_best_first(own_neighbors, own_weights, found)
        counts[place] = found


@entry
def of_rows(rows: Array, first: int, neighbors: Array, weights: Array, counts: Array) -> None:
    """Write the largest entries of rows (n_rows, n_items) float32, as `of_product` does."""
    for place in range(counts.size):
        counts[place] = keep_largest(rows[place], first + place, neighbors[place], weights[place])
