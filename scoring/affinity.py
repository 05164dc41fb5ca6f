"""Affinity of a user to items: what the user's newest items say about the others.

Nothing is learned per user. A user is a history, the newest distinct items; item-item
similarities say how much having item i speaks for item j; the affinities of a user are their
sum over the history, newer items counting more. The same functions make the training
lists, the evaluation and the answers of the service.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import FloatArray
from recsys.history import MAX_HISTORY_ITEMS, History, histories, newest_distinct
from recsys.item_similarities import ItemSimilarities, stack_similarities
from scoring.search import CompiledSimilarities, Workspace, frozen
from scoring.search import affinity as compiled

__all__ = [
    "MAX_HISTORY_ITEMS",
    "History",
    "ItemSimilarities",
    "affinities",
    "dense_affinities",
    "histories",
    "new_workspace",
    "newest_distinct",
    "pair_affinities",
    "stack_similarities",
    "top_affinities",
]


def compiled_form(similarities: ItemSimilarities) -> CompiledSimilarities:
    """The arrays of item similarities as compiled functions take them."""
    return CompiledSimilarities(*(frozen(array, array.dtype) for array in similarities[1:]))


def new_workspace(similarities: ItemSimilarities) -> Workspace:
    """Make workspace for one thread to add up in, 4 C + 12 bytes an item; it may be used for ever."""
    n_items = similarities.n_items
    return Workspace(
        np.zeros((n_items, similarities.n_similarities), dtype=np.float32),
        np.zeros(-(-n_items // 8), dtype=np.uint8),
        np.empty(n_items + 1, dtype=np.int32),
        np.empty(n_items, dtype=np.float64),
    )


def affinities(
    similarities: ItemSimilarities,
    history_items: NDArray[np.int32],
    workspace: Workspace | None = None,
) -> tuple[NDArray[np.int32], FloatArray]:
    """Find the items that a history speaks for, and how much.

    φ_c = log1p(max(d_c, 0)), d_c(j) = Σ_i w_c(i) S_c[i, j], w_c(i) = exp(-decay_c · position)
    normalised to sum 1 over the history.

    Args:
        similarities: The item similarities.
        history_items: (h,) int32 item rows, newest first.
        workspace: From `new_workspace`, not in use by another thread; made anew where None.

    Returns:
        Item rows with any φ above zero, ascending (t,) int32, and φ (t, C) float32.
    """
    found: tuple[NDArray[np.int32], FloatArray] = compiled.touched_items(
        compiled_form(similarities),
        frozen(history_items, np.int32),
        workspace or new_workspace(similarities),
    )
    return found


def pair_affinities(
    similarities: ItemSimilarities,
    history: History,
    user_rows: NDArray[Any],
    item_rows: NDArray[Any],
) -> FloatArray:
    """φ of given pairs of a user (row of `history`) and an item: (n, C) float32."""
    order = np.argsort(user_rows, kind="stable")
    users, items = (frozen(np.asarray(rows)[order], np.int64) for rows in (user_rows, item_rows))
    grouped = np.empty((len(order), similarities.n_similarities), dtype=np.float32)
    workspace = new_workspace(similarities)
    compiled.phi_of_pairs(
        compiled_form(similarities), *_frozen(history), users, items, workspace, grouped
    )
    result = np.empty_like(grouped)
    result[order] = grouped
    return result


def dense_affinities(
    similarities: ItemSimilarities, history: History, user_rows: NDArray[Any]
) -> FloatArray:
    """φ of every item for some users: (m, n_items, C) float32."""
    users = frozen(np.asarray(user_rows), np.int64)
    phi = np.zeros(
        (len(users), similarities.n_items, similarities.n_similarities), dtype=np.float32
    )
    compiled.phi_of_users(
        compiled_form(similarities), *_frozen(history), users, new_workspace(similarities), phi
    )
    return phi


def top_affinities(
    similarities: ItemSimilarities, history: History, user_rows: NDArray[Any], n: int
) -> NDArray[np.int32]:
    """The n items of largest positive affinity in each similarity, for some users.

    Returns:
        (m, C, n) int32 item rows, best first, equal ones by lower row; -1 where there are
        fewer.
    """
    users = frozen(np.asarray(user_rows), np.int64)
    rows = np.full((len(users), similarities.n_similarities, n), -1, dtype=np.int32)
    compiled.top_of_users(
        compiled_form(similarities), *_frozen(history), users, new_workspace(similarities), rows
    )
    return rows


def _frozen(history: History) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """Starts and items as compiled functions take them."""
    return frozen(history.starts, np.int64), frozen(history.items, np.int32)
