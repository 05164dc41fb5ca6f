"""A user as a history: the newest distinct items, newest first.

Positions in a history count items, not days, so a user who paused for a year is described
by the same items as one who didn't.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

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

    @classmethod
    def of_one(cls, items: NDArray[Any]) -> History:
        """Make the history of one person from item rows that come newest first."""
        distinct = newest_distinct(items)
        starts = np.array([0, len(distinct)], dtype=np.int64)
        return cls(starts, distinct, np.arange(len(distinct)))

    @property
    def n_users(self) -> int:
        """Users, with and without a history."""
        return len(self.starts) - 1

    def from_user(self, user_row: int) -> History:
        """Keep the users from a row on, who are then numbered from 0."""
        first = self.starts[user_row]
        return History(
            self.starts[user_row:] - first, self.items[first:], self.interactions[first:]
        )

    def of(self, user_row: int) -> NDArray[np.int32]:
        """Item rows of one user, newest first."""
        return self.items[self.starts[user_row] : self.starts[user_row + 1]]


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


def _negated(times: NDArray[Any]) -> NDArray[Any]:
    """Times as numbers that sort newest first."""
    if times.dtype.kind == "M":
        times = times.astype(np.int64)
    return -times
