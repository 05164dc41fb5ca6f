"""The questions that an item index answers."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from recsys.ranking import Ranking
from scoring.search.affected import correct_scores
from scoring.search.affinity_tables import NO_AFFINITIES, CompiledAffinities
from scoring.search.block_search import search
from scoring.search.exact import exact_scores
from scoring.search.item_index import ItemIndex
from scoring.search.tables import NO_MASK, NO_OFFSETS, NO_ROWS, USERS_AT_ONCE, Array, frozen


def score_items(
    index: ItemIndex, user_row: Array, affinities: CompiledAffinities | None = None
) -> NDArray[np.float32]:
    """Score every item for a user (width,) float32, to the bit as `top_k` scores: (n_items,)."""
    scores = np.empty(len(index.table.items), np.float32)
    user = frozen(user_row, np.float32)
    exact_scores(tuple(index.table), user, scores)
    if affinities is not None:
        correct_scores(tuple(index.table), affinities.parts, user, scores)
    return scores


def top_k(
    index: ItemIndex,
    user_row: Array,
    k: int,
    excluded: Array = NO_ROWS,
    candidates: Array | None = None,
    affinities: CompiledAffinities | None = None,
    item_offsets: Array | None = None,
) -> Ranking:
    """Rank the k best items of a user, equal scores by lower row.

    Args:
        index: The items.
        user_row: (width,) float32, [a | p | c].
        k: At least 1; fewer items come back only where fewer are left.
        excluded: Item rows never to return, ascending.
        candidates: (n_items,) bool, the items that may be returned; None for all.
        affinities: How the user's history changes the items' rows; None for not at all.
        item_offsets: (n_items,) float32, finite, added to the items' scores; None for nothing.
    """
    starts = np.array([0, len(excluded)], np.int64)
    rows, scores = top_k_batch(
        index, user_row[np.newaxis], k, starts, excluded, candidates, affinities, item_offsets
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
    affinities: CompiledAffinities | None = None,
    item_offsets: Array | None = None,
) -> tuple[NDArray[np.int32], NDArray[np.float32]]:
    """Rank the k best items of many users, as `top_k` does for each.

    Args:
        index: The items.
        user_rows: (m, width) float32.
        k: At least 1.
        excluded_starts: (m + 1,) int; user u excludes `excluded[starts[u]:starts[u + 1]]`.
        excluded: Item rows, ascending within a user.
        candidates: (n_items,) bool, the items that may be returned; None for all.
        affinities: How the users' histories change the items' rows; None for not at all.
        item_offsets: (n_items,) float32, finite, added to the items' scores; None for nothing.

    Returns:
        Rows (m, k) int32 and scores (m, k) float32, offsets included; -1 and -inf where no item is left.

    Raises:
        ValueError: k is below 1, or a shape doesn't fit the items.
    """
    _check(index, user_rows, k, excluded_starts, candidates, item_offsets)
    rows = np.empty((len(user_rows), k), np.int32)
    scores = np.empty((len(user_rows), k), np.float32)
    starts, seen = frozen(excluded_starts, np.int64), frozen(excluded, np.int32)
    users = frozen(user_rows, np.float32)
    mask = NO_MASK if candidates is None else frozen(candidates, np.bool_)
    added = NO_OFFSETS if item_offsets is None else frozen(item_offsets, np.float32)
    if candidates is None or len(candidates):
        _search_all(index, affinities, users, starts, seen, mask, added, rows, scores)
    return rows, scores


def count_scored(index: ItemIndex, user_row: Array, k: int) -> int:
    """Count the items that a search scores exactly."""
    rows, scores = np.empty((1, k), np.int32), np.empty((1, k), np.float32)
    starts, users = frozen(np.zeros(2), np.int64), frozen(user_row[np.newaxis], np.float32)
    return _search_all(index, None, users, starts, NO_ROWS, NO_MASK, NO_OFFSETS, rows, scores)


def _search_all(
    index: ItemIndex,
    affinities: CompiledAffinities | None,
    users: Array,
    starts: Array,
    excluded: Array,
    mask: Array,
    item_offsets: Array,
    rows: Array,
    scores: Array,
) -> int:
    """Search for groups of users; return how many items were scored exactly."""
    n_scored = 0
    for first in range(0, len(users), USERS_AT_ONCE):
        end = first + USERS_AT_ONCE
        own = NO_AFFINITIES if affinities is None else affinities.of_users(first, end)
        n_scored += search(
            tuple(index.table),
            tuple(index.codes),
            own.parts,
            users[first:end],
            starts[first : end + 1],
            excluded,
            mask,
            item_offsets,
            rows[first:end],
            scores[first:end],
        )
    return n_scored


def _check(
    index: ItemIndex,
    users: Array,
    k: int,
    starts: Array,
    mask: Array | None,
    item_offsets: Array | None,
) -> None:
    n_items, width = index.table.items.shape
    if k < 1:
        raise ValueError(f"k is {k}; expected 1 or more.")
    if users.ndim != 2 or users.shape[1] != width:
        raise ValueError(f"user rows: shape {users.shape}; the items need (m, {width}).")
    if len(starts) != len(users) + 1:
        raise ValueError(f"excluded starts: {len(starts)} for {len(users)} users; one more needed.")
    for name, array in (("candidates", mask), ("item offsets", item_offsets)):
        if array is not None and array.shape != (n_items,):
            raise ValueError(f"{name}: shape {array.shape}; expected ({n_items},).")
