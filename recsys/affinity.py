"""Affinity of a user to items: what the user's newest items say about the others.

Nothing is learned per user. A user is a history, the newest distinct items; item-item
kernels say how much having item i speaks for item j; the affinities of a user are their
sum over the history, newer items counting more. The same functions make the training
lists, the evaluation and the answers of the service.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.kernels import affinity as compiled
from recsys.kernels.affinity import Room, Rows

FloatArray = NDArray[np.float32]

MAX_HISTORY_ITEMS: Final = 50
"""How many of a user's newest items count; bounds the cost of a user with thousands."""


class History(NamedTuple):
    """The newest distinct items of each user, newest first, in compressed rows.

    Attributes:
        starts: (n_users + 1,) int64; user u has `items[starts[u]:starts[u + 1]]`.
        items: (n,) int32 item rows.
        interactions: (n,) int64, which of the given interactions each entry is, the newest
            one of its user and item: `ratings[interactions]` are the ratings of `items`.
    """

    starts: NDArray[np.int64]
    items: NDArray[np.int32]
    interactions: NDArray[np.int64]

    def of(self, user_row: int) -> NDArray[np.int32]:
        """Item rows of one user, newest first."""
        return self.items[self.starts[user_row] : self.starts[user_row + 1]]


class AffinityKernels(NamedTuple):
    """Item-item kernels, sparse, in one set of arrays that can be mapped from files.

    Attributes:
        names: (C,) str, in the order of the affinity columns.
        recency_decay: (C,) float32, how fast older items of a history lose weight.
        starts: (n_items * C + 1,) int64; what item i says in kernel c stands from
            starts[i * C + c] to the next start.
        neighbours: (nnz,) int32 item rows.
        weights: (nnz,) float32, finite.
    """

    names: NDArray[np.str_]
    recency_decay: FloatArray
    starts: NDArray[np.int64]
    neighbours: NDArray[np.int32]
    weights: FloatArray

    @property
    def n_kernels(self) -> int:
        """Affinity columns, C."""
        return len(self.recency_decay)

    @property
    def n_items(self) -> int:
        """Items that have a row, all of the catalogue."""
        return (len(self.starts) - 1) // max(self.n_kernels, 1)

    @property
    def rows(self) -> Rows:
        """What compiled functions read."""
        return Rows(*self[1:])


def histories(
    user_rows: NDArray[Any],
    item_rows: NDArray[Any],
    times: NDArray[Any],
    n_users: int,
    limit: int = MAX_HISTORY_ITEMS,
) -> History:
    """List the newest distinct items of each user; an item counts once, at its newest time.

    Of interactions of equal time the later one counts as newer. Those with a row of -1 (an
    unknown user or item) are left out.

    Args:
        user_rows: (n,) int below `n_users`.
        item_rows: (n,) int.
        times: (n,) int or datetime64, larger is newer.
        n_users: How many users there are.
        limit: Items a user at most.

    >>> histories(np.array([0, 0, 0, 0]), np.array([7, 8, 9, 7]), np.array([1, 3, 3, 2]), 1).items
    array([9, 8, 7], dtype=int32)
    """
    known = np.flatnonzero((np.asarray(user_rows) >= 0) & (np.asarray(item_rows) >= 0))
    users, items = np.asarray(user_rows)[known], np.asarray(item_rows)[known]
    order = np.lexsort((-known, _negated(np.asarray(times)[known]), users))
    known, users, items = known[order], users[order], items[order]
    # Stable: of the rows of one user and item the first is the newest.
    by_pair = np.lexsort((items, users))
    repeated = np.zeros(len(known), dtype=bool)
    repeated[by_pair[1:]] = (np.diff(users[by_pair]) == 0) & (np.diff(items[by_pair]) == 0)
    known, users, items = known[~repeated], users[~repeated], items[~repeated]
    positions = np.arange(len(users)) - np.searchsorted(users, users)
    kept = positions < limit
    starts = np.searchsorted(users[kept], np.arange(n_users + 1)).astype(np.int64)
    return History(starts, items[kept].astype(np.int32), known[kept].astype(np.int64))


def newest_distinct(items: NDArray[Any], limit: int = MAX_HISTORY_ITEMS) -> NDArray[np.int32]:
    """Make a history of item rows that come newest first: each once, `limit` at most."""
    _, first = np.unique(items, return_index=True)
    return np.asarray(items, dtype=np.int32)[np.sort(first)[:limit]]


def stack_kernels(
    names: list[str],
    recency_decay: NDArray[Any],
    entries: tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]],
    n_items: int,
) -> AffinityKernels:
    """Bring the entries of all kernels into compressed rows.

    Args:
        names: Of the kernels, in the order of the affinity columns.
        recency_decay: (C,) float.
        entries: Kernel number, item row, neighbour row and weight of each entry, (nnz,)
            each; a pair stands at most once in a kernel.
        n_items: Items of the catalogue.
    """
    kernel, item, neighbour, weight = entries
    rows = item.astype(np.int64) * len(names) + kernel
    order = np.argsort(rows, kind="stable")
    counts = np.bincount(rows, minlength=n_items * len(names))
    return AffinityKernels(
        np.array(names, dtype=np.str_),
        np.asarray(recency_decay, dtype=np.float32),
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        neighbour[order].astype(np.int32),
        weight[order].astype(np.float32),
    )


def new_room(kernels: AffinityKernels) -> Room:
    """Make room for one thread to add up in, 4 C + 5 bytes an item; it may be used for ever."""
    n_items = kernels.n_items
    return Room(
        np.zeros((n_items, kernels.n_kernels), dtype=np.float32),
        np.zeros(n_items, dtype=np.bool_),
        np.empty(n_items, dtype=np.int32),
    )


def affinities(
    kernels: AffinityKernels, history_items: NDArray[np.int32], room: Room | None = None
) -> tuple[NDArray[np.int32], FloatArray]:
    """Find the items that a history speaks for, and how much.

    φ_c = log1p(max(d_c, 0)), d_c(j) = Σ_i w_c(i) S_c[i, j], w_c(i) = exp(-decay_c · position)
    normalised to sum 1 over the history.

    Args:
        kernels: The item-item kernels.
        history_items: (h,) int32 item rows, newest first.
        room: From `new_room`, not in use by another thread; made anew where None.

    Returns:
        Item rows with any φ above zero, ascending (t,) int32, and φ (t, C) float32.
    """
    found: tuple[NDArray[np.int32], FloatArray] = compiled.touched_items(
        kernels.rows, history_items, room or new_room(kernels)
    )
    return found


def pair_affinities(
    kernels: AffinityKernels, history: History, user_rows: NDArray[Any], item_rows: NDArray[Any]
) -> FloatArray:
    """φ of given pairs of a user (row of `history`) and an item: (n, C) float32."""
    order = np.argsort(user_rows, kind="stable")
    users, items = (np.asarray(rows)[order].astype(np.int64) for rows in (user_rows, item_rows))
    grouped = np.empty((len(order), kernels.n_kernels), dtype=np.float32)
    room = new_room(kernels)
    compiled.phi_of_pairs(kernels.rows, history.starts, history.items, users, items, room, grouped)
    result = np.empty_like(grouped)
    result[order] = grouped
    return result


def dense_affinities(
    kernels: AffinityKernels, history: History, user_rows: NDArray[Any]
) -> FloatArray:
    """φ of every item for some users: (m, n_items, C) float32."""
    users = np.asarray(user_rows, dtype=np.int64)
    phi = np.zeros((len(users), kernels.n_items, kernels.n_kernels), dtype=np.float32)
    compiled.phi_of_users(
        kernels.rows, history.starts, history.items, users, new_room(kernels), phi
    )
    return phi


def top_affinities(
    kernels: AffinityKernels, history: History, user_rows: NDArray[Any], n: int
) -> NDArray[np.int32]:
    """The n items of largest positive affinity in each kernel, for some users.

    Returns:
        (m, C, n) int32 item rows, best first, equal ones by lower row; -1 where there are
        fewer.
    """
    users = np.asarray(user_rows, dtype=np.int64)
    rows = np.full((len(users), kernels.n_kernels, n), -1, dtype=np.int32)
    compiled.top_of_users(
        kernels.rows, history.starts, history.items, users, new_room(kernels), rows
    )
    return rows


def _negated(times: NDArray[Any]) -> NDArray[Any]:
    """Times as numbers that sort newest first."""
    if times.dtype.kind == "M":
        times = times.astype(np.int64)
    return -times
