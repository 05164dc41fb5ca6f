"""What Python calls: an index over the items, and the questions that it answers."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
from numpy.typing import DTypeLike, NDArray

from recsys.ranking import Ranking
from scoring.search.affinity import touched_items
from scoring.search.block_search import search
from scoring.search.exact import column_peaks, exact_scores
from scoring.search.jit import has_code, keep_code_in
from scoring.search.tables import (
    BLOCK,
    GROUP,
    Affinity,
    Array,
    Codes,
    CompiledSimilarities,
    Table,
    Workspace,
)
from scoring.search.touched import raise_scores

USERS_AT_ONCE = 16
"""Users that pass over a block together; their rows and bytes stay in the cache beside it."""


def frozen(array: Array, dtype: DTypeLike) -> Array:
    """View an array as numba shall see it: a plain one, contiguous, of one type, read-only.

    One that is so already comes back as it is.
    """
    flags = array.flags
    plain = type(array) is np.ndarray and array.dtype == dtype
    if plain and flags.c_contiguous and flags.aligned and not flags.writeable:
        return array
    view = np.ascontiguousarray(array, dtype=dtype).view(np.ndarray)
    view.flags.writeable = False
    return view


ENTRIES: Final = (search, exact_scores, column_peaks, raise_scores, touched_items)
"""All compiled functions that requests need."""

NO_ROWS: NDArray[np.int32] = frozen(np.empty(0), np.int32)
NO_MASK: NDArray[np.bool_] = frozen(np.empty(0), np.bool_)


def _no_affinity() -> Affinity:
    nothing = [frozen(np.empty(0), kind) for kind in (np.float32, np.int64, np.int32, np.float32)]
    workspace = Workspace(
        np.empty((0, 0), np.float32),
        np.empty(0, np.uint8),
        np.empty(0, np.int32),
        np.empty(0, np.float64),
    )
    return Affinity(
        CompiledSimilarities(*nothing),
        frozen(np.empty((0, 0)), np.float32),
        frozen(np.zeros(USERS_AT_ONCE + 1), np.int64),
        NO_ROWS,
        workspace,
    )


NO_AFFINITY: Final = _no_affinity()
"""Of users without histories, or for a model that reads no affinities."""


@dataclass(frozen=True, repr=False)
class ItemIndex:
    """Items ready to be searched; holds views of what it is given, and is never changed."""

    table: Table
    codes: Codes

    @classmethod
    def build(
        cls,
        weights: Array,
        bias: float,
        item_half: Array,
        codes: Codes | None,
        peaks: Array | None = None,
    ) -> ItemIndex:
        """Check and wrap the arrays, which may be read-only memory maps.

        Args:
            weights: (n_relu,) float32.
            bias: The head's.
            item_half: (n_items, n_relu + n_product + 1) float32, finite.
            codes: From `quantize_items` with the same weights and items; None searches in
                float32.
            peaks: (n_relu + n_product + 1,) float32, `table.peaks` of an earlier index of the
                same items; else all items are read to find them.

        Raises:
            ValueError: The shapes don't fit each other.
        """
        n_items, n_relu = len(item_half), len(weights)
        if item_half.ndim != 2 or item_half.shape[1] <= n_relu:
            raise ValueError(
                f"item half: shape {item_half.shape}; expected (n_items, {n_relu + 1} or more) "
                f"for {n_relu} relu weights. Build the snapshot again."
            )
        if codes is None:
            codes = _no_codes()
        elif len(codes.grid) != n_relu or len(codes.blocks) != -(-n_items // BLOCK):
            raise ValueError(
                f"codes: {len(codes.grid)} columns, {len(codes.blocks)} blocks; expected {n_relu} "
                f"columns, {-(-n_items // BLOCK)} blocks. Build the snapshot again."
            )
        items = frozen(item_half, np.float32)
        if peaks is None:
            peaks = np.zeros(items.shape[1], np.float32)
            column_peaks(items, peaks)
        elif peaks.shape != items.shape[1:]:
            raise ValueError(
                f"peaks: shape {peaks.shape}; expected {items.shape[1:]}. Build the snapshot again."
            )
        table = Table(
            frozen(weights, np.float32),
            frozen(np.array([bias]), np.float64),
            items,
            frozen(peaks, np.float32),
        )
        return cls(table, Codes(*(frozen(part, part.dtype) for part in codes)))

    def __repr__(self) -> str:
        """Say how many items, and how they are searched."""
        n_items, width = self.table.items.shape
        return f"<ItemIndex {n_items:,} items x {width}, {self.describe()}>"

    def describe(self) -> str:
        """Say in which form the items pass by in a search."""
        n_bytes = self.codes.blocks.shape[1] * GROUP
        return f"searched in {n_bytes} bytes an item" if n_bytes else "searched in float32"


def score_items(
    index: ItemIndex, user_row: Array, affinity: Affinity | None = None
) -> NDArray[np.float32]:
    """Score every item for a user (width,) float32, to the bit as `top_k` scores: (n_items,)."""
    scores = np.empty(len(index.table.items), np.float32)
    user = frozen(user_row, np.float32)
    exact_scores(tuple(index.table), user, scores)
    if affinity is not None:
        raise_scores(tuple(index.table), affinity.parts, user, scores)
    return scores


def top_k(
    index: ItemIndex,
    user_row: Array,
    k: int,
    excluded: Array = NO_ROWS,
    candidates: Array | None = None,
    affinity: Affinity | None = None,
) -> Ranking:
    """Rank the k best items of a user, equal scores by lower row.

    Args:
        index: The items.
        user_row: (width,) float32, [a | p | c].
        k: At least 1; fewer items come back only where fewer are left.
        excluded: Item rows never to return, ascending.
        candidates: (n_items,) bool, the items that may be returned; None for all.
        affinity: What the user's history adds to the items; None for nothing.
    """
    starts = np.array([0, len(excluded)], np.int64)
    rows, scores = top_k_batch(
        index, user_row[np.newaxis], k, starts, excluded, candidates, affinity
    )
    found = k if rows[0, -1] >= 0 else int(np.count_nonzero(rows[0] >= 0))
    return Ranking(rows[0, :found], scores[0, :found])


def top_k_batch(
    index: ItemIndex,
    user_rows: Array,
    k: int,
    excluded_starts: Array,
    excluded: Array,
    candidates: Array | None = None,
    affinity: Affinity | None = None,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Rank the k best items of many users, as `top_k` does for each.

    Args:
        index: The items.
        user_rows: (m, width) float32.
        k: At least 1.
        excluded_starts: (m + 1,) int; user u excludes `excluded[starts[u]:starts[u + 1]]`.
        excluded: Item rows, ascending within a user.
        candidates: (n_items,) bool, the items that may be returned; None for all.
        affinity: What the users' histories add to the items; None for nothing.

    Returns:
        Rows (m, k) int32 and scores (m, k) float32; -1 and -inf where no item is left.

    Raises:
        ValueError: k is below 1, or a shape doesn't fit the items.
    """
    _check(index, user_rows, k, excluded_starts, candidates)
    rows = np.empty((len(user_rows), k), np.int32)
    scores = np.empty((len(user_rows), k), np.float32)
    starts, seen = frozen(excluded_starts, np.int64), frozen(excluded, np.int32)
    users = frozen(user_rows, np.float32)
    mask = NO_MASK if candidates is None else frozen(candidates, np.bool_)
    if candidates is None or len(candidates):
        _search_all(index, affinity, users, starts, seen, mask, rows, scores)
    return rows, scores


def count_scored(index: ItemIndex, user_row: Array, k: int) -> int:
    """Count the items that a search scores exactly; for benchmarks."""
    rows, scores = np.empty((1, k), np.int32), np.empty((1, k), np.float32)
    starts, users = frozen(np.zeros(2), np.int64), frozen(user_row[np.newaxis], np.float32)
    return _search_all(index, None, users, starts, NO_ROWS, NO_MASK, rows, scores)


def warm_up(code_folder: Path | None = None, say: Callable[[], None] = lambda: None) -> None:
    """Compile everything, or load it from where it is kept: seconds once, then milliseconds.

    All arrays reach the compiled functions as read-only views of one type and order, so that
    no later call compiles anything.

    Args:
        code_folder: Where machine code is kept if it can't be beside the source.
        say: Called before something has to be compiled.
    """
    if code_folder is not None:
        keep_code_in(code_folder, ENTRIES)
    if not all(map(has_code, ENTRIES)):
        say()
    items = np.zeros((1, 2), np.float32)
    index = ItemIndex.build(np.ones(1, np.float32), 0.0, items, None)
    top_k(index, items[0], 1)
    score_items(index, items[0], NO_AFFINITY)
    touched_items(NO_AFFINITY.similarities, NO_AFFINITY.items, NO_AFFINITY.workspace)


def _search_all(
    index: ItemIndex,
    affinity: Affinity | None,
    users: Array,
    starts: Array,
    excluded: Array,
    mask: Array,
    rows: Array,
    scores: Array,
) -> int:
    n_scored = 0
    for first in range(0, len(users), USERS_AT_ONCE):
        some = slice(first, first + USERS_AT_ONCE)
        added = NO_AFFINITY
        if affinity is not None:
            added = affinity._replace(starts=affinity.starts[first : first + USERS_AT_ONCE + 1])
        n_scored += search(
            tuple(index.table),
            tuple(index.codes),
            added.parts,
            users[some],
            starts[first : first + USERS_AT_ONCE + 1],
            excluded,
            mask,
            rows[some],
            scores[some],
        )
    return n_scored


def _check(index: ItemIndex, users: Array, k: int, starts: Array, mask: Array | None) -> None:
    n_items, width = index.table.items.shape
    if k < 1:
        raise ValueError(f"k is {k}; expected 1 or more.")
    if users.ndim != 2 or users.shape[1] != width:
        raise ValueError(f"user rows: shape {users.shape}; the items need (m, {width}).")
    if len(starts) != len(users) + 1:
        raise ValueError(f"excluded starts: {len(starts)} for {len(users)} users; one more needed.")
    if mask is not None and mask.shape != (n_items,):
        raise ValueError(f"candidates: shape {mask.shape}; expected ({n_items},).")


def _no_codes() -> Codes:
    blocks = np.empty((0, 0, BLOCK, GROUP), np.uint8)
    return Codes(blocks, np.empty(0, np.float32), np.empty((0, 5)), np.empty(2))
