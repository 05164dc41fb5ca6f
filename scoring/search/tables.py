"""The arrays that compiled functions take, and the sizes that all of them share."""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import DTypeLike, NDArray

Array = np.ndarray[tuple[int, ...], np.dtype[Any]]

Span = tuple[int, int]
"""First, and one past the last."""

BLOCK: Final = 32
"""Items of a block: 32 rows of 129 float32 take half of a 32 KiB first-level cache."""

GROUP: Final = 8
"""Bytes whose absolute differences one processor instruction adds."""

USERS_AT_ONCE: Final = 16
"""Users that pass over a block together; their rows and bytes stay in the cache beside it."""


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
        item_offsets: (n_items,) float32, what is added to the items' scores; empty for nothing.
    """

    rows: Array
    floors: Array
    coded: Array
    constants: Array
    offsets: Array
    differences: Array
    bounds: Array
    item_offsets: Array


def frozen(array: Array, dtype: DTypeLike) -> Array:
    """View an array as compiled functions expect it: plain, contiguous, of one type, read-only.

    An array that is so already is returned itself. Since all arguments have one form, each
    function is compiled once.
    """
    flags = array.flags
    plain = type(array) is np.ndarray and array.dtype == dtype
    if plain and flags.c_contiguous and flags.aligned and not flags.writeable:
        return array
    view = np.ascontiguousarray(array, dtype=dtype).view(np.ndarray)
    view.flags.writeable = False
    return view


NO_ROWS: NDArray[np.int32] = frozen(np.empty(0), np.int32)
NO_MASK: NDArray[np.bool_] = frozen(np.empty(0), np.bool_)
NO_OFFSETS: NDArray[np.float32] = frozen(np.empty(0), np.float32)
NO_CODES: Final = Codes(
    np.empty((0, 0, BLOCK, GROUP), np.uint8), np.empty(0, np.float32), np.empty((0, 5)), np.empty(2)
)
"""Of an index that is searched in float32."""
