"""Item halves in bytes; docs/scoring.md derives the bound that they give."""

from __future__ import annotations

from typing import Final

import numpy as np

from scoring.search.tables import BLOCK, GROUP, Array, Codes

ROWS_AT_ONCE: Final = 64 * BLOCK
SAMPLED_ROWS: Final = 20_000


def quantize_items(
    item_half: Array, weights: Array, bytes_per_column: float = 1.25, tail: float = 5e-4
) -> Codes | None:
    """Code the item half in bytes.

    Args:
        item_half: (n_items, n_relu + n_product + 1) float32.
        weights: (n_relu,) float32.
        bytes_per_column: Bytes per item, as a multiple of the columns that matter.
        tail: Share of a column's values beyond either end of its range.

    Returns:
        The codes, or None where they don't help: where there are product columns, no items,
        or only relu columns that don't matter.
    """
    n_items, width = item_half.shape
    n_relu = weights.size
    if n_items == 0 or width != n_relu + 1:
        return None
    sample = item_half[:: max(1, n_items // SAMPLED_ROWS), :n_relu].astype(np.float64)
    low, high = np.quantile(sample, [tail, 1.0 - tail], axis=0)
    worth = (high - low) * np.abs(weights)
    if not 0.0 < worth.max(initial=0.0) < 1e30:
        return None
    budget = int(np.count_nonzero(worth) * bytes_per_column)
    unit = float(np.float32(_smallest_unit(worth, budget)))
    grid = _grid(weights, low, high, worth, unit)
    return _encode(item_half, weights, grid, unit)


def _smallest_unit(worth: Array, budget: int) -> float:
    """Find the finest step whose bytes, rounded up for each column, stay within budget."""
    fine, coarse = 0.0, float(worth.max()) / 254.0
    for _ in range(60):
        unit = (fine + coarse) / 2.0
        fits = unit > 0.0 and np.ceil(worth / (255.0 * unit)).sum() <= budget
        fine, coarse = (fine, unit) if fits else (unit, coarse)
    return coarse


def _grid(weights: Array, low: Array, high: Array, worth: Array, unit: float) -> Array:
    """Lay out the bytes: positive weights first, either sign padded to whole groups."""
    n_bytes = np.ceil(worth / (255.0 * unit)).astype(np.int64)
    first = np.zeros_like(n_bytes)
    positive = weights > 0
    first[positive] = np.cumsum(n_bytes[positive]) - n_bytes[positive]
    start = -(-int(n_bytes[positive].sum()) // GROUP) * GROUP
    first[~positive] = np.cumsum(n_bytes[~positive]) - n_bytes[~positive] + start
    step = np.divide(unit, np.abs(weights), out=np.ones_like(worth), where=n_bytes > 0)
    return np.ascontiguousarray(np.stack([low, high, step, first, n_bytes], axis=1))


def _encode(item_half: Array, weights: Array, grid: Array, unit: float) -> Codes:
    """Code block by block, so that a memory map is read once and little is kept in memory."""
    n_items, n_relu = item_half.shape[0], weights.size
    n_blocks = -(-n_items // BLOCK)
    n_groups = [-(-int(_end(grid, rows)) // GROUP) for rows in (weights > 0, weights == weights)]
    codes = np.zeros((n_blocks, n_groups[1], BLOCK, GROUP), np.uint8)
    ceiling = np.full(n_blocks * BLOCK, -np.inf, np.float32)
    scale = weights.astype(np.float64)
    for start in range(0, n_items, ROWS_AT_ONCE):
        given = item_half[start : start + ROWS_AT_ONCE].astype(np.float64)
        steps, bound = _steps(given[:, :n_relu], scale, grid)
        bound += given[:, -1]
        ceiling[start : start + len(given)] = np.nextafter(bound.astype(np.float32), np.inf)
        _spread(steps, grid, codes[start // BLOCK :])
    return Codes(codes, ceiling, grid, np.array([unit / 2.0, n_groups[0]]))


def _end(grid: Array, rows: Array) -> float:
    return float((grid[rows, 3] + grid[rows, 4]).max(initial=0.0))


def _steps(given: Array, scale: Array, grid: Array) -> tuple[Array, Array]:
    """Round to steps (n, n_relu), and compute the first three sums of the ceilings (n,)."""
    low, high, step, _, n_bytes = grid.T
    clipped = np.clip(given, low, high)
    steps = np.where(n_bytes > 0, np.rint((clipped - low) / step), 0.0)
    error = np.abs(clipped - (low + steps * step))
    beyond = np.maximum(scale * (given - clipped), 0.0)
    bound = clipped @ scale / 2.0 + error @ np.abs(scale) / 2.0 + beyond.sum(axis=1)
    return steps, bound


def _spread(steps: Array, grid: Array, blocks: Array) -> None:
    """Write the bytes of some items (n, n_relu) into their blocks."""
    n = steps.shape[0]
    rows = np.arange(n)
    for column in np.flatnonzero(grid[:, 4]):
        first, n_bytes = int(grid[column, 3]), int(grid[column, 4])
        for i in range(n_bytes):
            group, byte = divmod(first + i, GROUP)
            part = np.clip(steps[:, column] - 255.0 * i, 0.0, 255.0)
            blocks[rows // BLOCK, group, rows % BLOCK, byte] = part.astype(np.uint8)
