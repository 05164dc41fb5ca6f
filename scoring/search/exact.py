"""The one routine that decides scores, and the float32 upper bound that saves calling it."""

from __future__ import annotations

from typing import Final

import numpy as np

from scoring.search.jit import entry, inlined, inlined_in_free_order
from scoring.search.tables import BLOCK, Array, Span, Table, Users

ROUNDING: Final = 2.0**-24
"""Unit roundoff of float32."""

LIMIT: Final = 1e37
"""Scores that may be larger are not bounded in float32, since that might overflow."""


@inlined
def user_constant(table: Table, user_row: Array) -> np.float64:
    """Sum what doesn't depend on the item, w · a + c + bias, in float64."""
    total = np.float64(0.0)
    for t in range(table.weights.size):
        total += np.float64(table.weights[t]) * np.float64(user_row[t])
    return total + (np.float64(user_row[user_row.size - 1]) + np.float64(table.bias[0]))


@inlined
def exact_score(
    weights: Array, constant: float, floor: Array, user_row: Array, item_row: Array
) -> np.float32:
    """Score one pair in float64, in a fixed order, and round once to float32.

    A product of two float32 is exact in float64, so processors give the same bits whether or
    not they fuse multiplication and addition. Four interleaved sums keep the
    adders busy.
    """
    n_relu, last = weights.size, user_row.size - 1
    s0, s1, s2, s3 = 0.0, 0.0, 0.0, 0.0
    whole = n_relu - n_relu % 4
    for t in range(0, whole, 4):
        s0 += np.float64(weights[t]) * np.float64(max(item_row[t], floor[t]))
        s1 += np.float64(weights[t + 1]) * np.float64(max(item_row[t + 1], floor[t + 1]))
        s2 += np.float64(weights[t + 2]) * np.float64(max(item_row[t + 2], floor[t + 2]))
        s3 += np.float64(weights[t + 3]) * np.float64(max(item_row[t + 3], floor[t + 3]))
    for t in range(whole, n_relu):
        s0 += np.float64(weights[t]) * np.float64(max(item_row[t], floor[t]))
    for t in range(n_relu, last):
        s1 += np.float64(user_row[t]) * np.float64(item_row[t])
    return np.float32(((s0 + s1) + (s2 + s3)) + (constant + np.float64(item_row[last])))


@entry
def exact_scores(table_parts: tuple[Array, ...], user_row: Array, out: Array) -> None:
    """Score every item of a `Table` into `out` (n_items,) float32."""
    table = Table(*table_parts)
    constant = user_constant(table, user_row)
    floor = -user_row[: table.weights.size]
    for row in range(out.size):
        out[row] = exact_score(table.weights, constant, floor, user_row, table.items[row])


@entry
def column_peaks(items: Array, peaks: Array) -> None:
    """Raise `peaks` (width,) to the largest magnitudes of the columns, in one pass."""
    for row in range(items.shape[0]):
        for column in range(items.shape[1]):
            peaks[column] = max(peaks[column], abs(items[row, column]))


@inlined
def rounding_bound(table: Table, constant: float, user_row: Array) -> float:
    """Bound by how much rounding can make a float32 bound smaller than the exact score.

    The bound is n u / (1 - n u) times the sum of the terms' magnitudes (Higham, Accuracy and
    Stability of Numerical Algorithms, 2nd ed., sections 3.1 and 4.2); docs/scoring.md explains
    the factor 3, the eight roundings and the last addend.
    """
    n_relu, last = table.weights.size, user_row.size - 1
    total = abs(constant) + np.float64(table.peaks[last])
    for t in range(n_relu):
        largest = max(np.float64(table.peaks[t]), abs(np.float64(user_row[t])))
        total += 3.0 * abs(np.float64(table.weights[t])) * largest
    for t in range(n_relu, last):
        total += abs(np.float64(user_row[t])) * np.float64(table.peaks[t])
    if total > LIMIT:
        return np.inf
    n_roundings = (user_row.size + 8) * ROUNDING
    return total * n_roundings / (1.0 - n_roundings) + user_row.size * 2.0**-126


@inlined
def float_bounds(table: Table, users: Users, some: Span, blocks: Span, highest: Array) -> None:
    """Bound the scores of blocks for some users, see `block_search.bound_blocks`."""
    weights, items, bounds = table.weights, table.items, users.bounds
    for block in range(blocks[0], blocks[1]):
        for user in range(some[0], some[1]):
            highest[user, block] = float_block(
                weights, items, block, users.floors[user], users.rows[user],
                users.offsets[user], bounds,
            )  # fmt: skip
            if users.item_offsets.size:
                highest[user, block] = add_offsets(users.item_offsets, block, bounds)


@inlined
def add_offsets(item_offsets: Array, block: int, bounds: Array) -> np.float32:
    """Add the offsets of a block's items to their bounds; return the largest.

    The same float32 addition as of a score, in this order: rounding keeps the order of bound
    and score, so a bound needs no further slack.
    """
    start = block * BLOCK
    largest = np.float32(-np.inf)
    for i in range(min(BLOCK, item_offsets.size - start)):
        bounds[i] += item_offsets[start + i]
        largest = max(largest, bounds[i])
    return largest


@inlined_in_free_order
def float_block(
    weights: Array,
    items: Array,
    block: int,
    floor: Array,
    user_row: Array,
    offset: float,
    out: Array,
) -> np.float32:
    """Write a block's bounds to `out` (BLOCK,), -inf where it has no item; return the largest."""
    n_relu, last = weights.size, user_row.size - 1
    start = block * BLOCK
    n_here = min(BLOCK, items.shape[0] - start)
    largest = np.float32(-np.inf)
    out[n_here:] = largest
    for i in range(n_here):
        item_row = items[start + i]
        total = np.float32(0.0)
        for t in range(n_relu):
            total += weights[t] * max(item_row[t], floor[t])
        for t in range(n_relu, last):
            total += user_row[t] * item_row[t]
        out[i] = total + (item_row[last] + offset)
        largest = max(largest, out[i])
    return largest
