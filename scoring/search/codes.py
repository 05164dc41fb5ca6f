"""The upper bound from bytes, see docs/scoring.md."""

from __future__ import annotations

import numpy as np

from scoring.search.byte_sums import block_differences
from scoring.search.exact import add_offsets
from scoring.search.jit import inlined, inlined_in_free_order
from scoring.search.tables import BLOCK, GROUP, Array, Codes, Span, Users


@inlined
def encode_user(codes: Codes, weights: Array, user_row: Array, out: Array) -> float:
    """Write the user's bytes to `out`; return the first three sums of the user's offset."""
    total = 0.0
    out[:] = 0
    for t in range(weights.size):
        low, high, step = codes.grid[t, 0], codes.grid[t, 1], codes.grid[t, 2]
        first, n_bytes = int(codes.grid[t, 3]), int(codes.grid[t, 4])
        weight, floor = np.float64(weights[t]), -np.float64(user_row[t])
        inside = min(max(floor, low), high)
        n_steps = np.rint((inside - low) / step) if n_bytes else 0.0
        error = abs(inside - (low + n_steps * step))
        total += weight * (inside / 2.0 + max(floor - high, 0.0)) + abs(weight) * error / 2.0
        for i in range(n_bytes):
            out[first + i] = np.uint8(min(max(n_steps - 255.0 * i, 0.0), 255.0))
    return total


@inlined
def code_bounds(codes: Codes, users: Users, some: Span, blocks: Span, highest: Array) -> None:
    """Bound the scores of blocks for some users, see `block_search.bound_blocks`."""
    n_groups = codes.blocks.shape[1]
    n_positive, half_unit = int(codes.unit[1]), np.float32(codes.unit[0])
    ceiling, offsets = codes.ceiling, users.offsets
    differences, bounds = users.differences, users.bounds
    for block in range(blocks[0], blocks[1]):
        for user in range(some[0], some[1]):
            block_differences(
                codes.blocks.ctypes.data + block * n_groups * BLOCK * GROUP,
                users.coded.ctypes.data + user * n_groups * GROUP,
                n_positive,
                n_groups,
                differences.ctypes.data,
            )
            highest[user, block] = scale_differences(
                differences, half_unit, offsets[user], ceiling, block * BLOCK, bounds
            )
            if users.item_offsets.size:
                highest[user, block] = add_offsets(users.item_offsets, block, bounds)


@inlined_in_free_order
def scale_differences(
    differences: Array, half_unit: float, offset: float, ceiling: Array, start: int, out: Array
) -> np.float32:
    """Turn differences into bounds; return the largest."""
    largest = np.float32(-np.inf)
    for i in range(BLOCK):
        out[i] = ceiling[start + i] + (offset + half_unit * np.float32(differences[i]))
    for i in range(BLOCK):
        largest = max(largest, out[i])
    return largest
