"""A user as a history: the newest distinct items, newest first.

Ages in a history count items, not days, so a user who paused for a year is described by the
same items as one who didn't. What an item counts for depends on what the user did with it,
`recsys.kinds`.
"""

from __future__ import annotations

from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import BoolArray, FloatArray
from recsys.kinds import HIDE, NO_KINDS, VIEW, Kinds, weights_of

MAX_HISTORY_ITEMS: Final = 50
"""How many of a user's newest items count, and how many of the hidden ones; bounds the cost of a
user with thousands."""

NO_WEIGHTS: Final[FloatArray] = np.empty(0, dtype=np.float32)
"""Of a history whose items all count alike."""


class History(NamedTuple):
    """The newest distinct items of each user, newest first, in compressed rows.

    Attributes:
        starts: (n_users + 1,) int64; user u has `items[starts[u]:starts[u + 1]]`.
        items: (n,) int32 item rows.
        interactions: (n,) int64, which of the given interactions each entry is, the newest
            one of its user and item: `ratings[interactions]` are the ratings of `items`.
        weights: (n,) float32, what each entry counts for, below 0 for a hidden item; empty where
            that is 1 throughout.
    """

    starts: NDArray[np.int64]
    items: NDArray[np.int32]
    interactions: NDArray[np.int64]
    weights: FloatArray = NO_WEIGHTS

    @classmethod
    def of_one(cls, items: NDArray[Any]) -> History:
        """Make the history of one person from item rows that come newest first."""
        distinct = newest_distinct(items)
        starts = np.array([0, len(distinct)], dtype=np.int64)
        return cls(starts, distinct, np.arange(len(distinct)))

    def where(self, mask: BoolArray) -> History:
        """Keep the entries of `mask` (n,), and all users."""
        kept = np.concatenate([[0], np.cumsum(mask)])
        weights = self.weights[mask] if len(self.weights) else self.weights
        return History(kept[self.starts], self.items[mask], self.interactions[mask], weights)

    @property
    def n_users(self) -> int:
        """Users, with and without a history."""
        return len(self.starts) - 1

    @property
    def users(self) -> NDArray[np.int64]:
        """The user of each entry, (n,)."""
        if self.n_users == 1:  # a request asks for them several times
            return np.zeros(len(self.items), dtype=np.int64)
        return np.repeat(np.arange(self.n_users), np.diff(self.starts))

    @property
    def positive_weights(self) -> FloatArray | None:
        """The weight of each entry, 0 for a hidden one, (n,); None where 1 throughout."""
        return np.maximum(self.weights, 0) if len(self.weights) else None

    @property
    def ages(self) -> NDArray[np.float64]:
        """Sum of the positive weights of the newer entries of the same user, (n,)."""
        first = self.starts[self.users]
        if (positive := self.positive_weights) is None:
            return (np.arange(len(self.items)) - first).astype(np.float64)
        before = np.concatenate([[0.0], np.cumsum(positive, dtype=np.float64)])
        return np.asarray(before[:-1] - before[first])

    def from_user(self, user_row: int) -> History:
        """Keep the users from a row on, who are then numbered from 0."""
        first = self.starts[user_row]
        return History(
            self.starts[user_row:] - first,
            self.items[first:],
            self.interactions[first:],
            self.weights[first:],
        )

    def held_by(self, user_rows: NDArray[Any], n_items: int) -> BoolArray:
        """Mark the items, (n_items,), that some users have."""
        among = np.zeros(self.n_users, dtype=bool)
        among[user_rows] = True
        held = np.zeros(n_items, dtype=bool)
        held[self.items[among[self.users]]] = True
        return held

    def of(self, user_row: int) -> NDArray[np.int32]:
        """Item rows of one user, newest first."""
        return self.items[self.starts[user_row] : self.starts[user_row + 1]]


def histories(
    user_rows: NDArray[Any],
    item_rows: NDArray[Any],
    times: NDArray[Any],
    n_users: int,
    limit: int = MAX_HISTORY_ITEMS,
    kinds: Kinds = NO_KINDS,
) -> History:
    """List the newest distinct items of each user; an item counts once, at its newest time.

    Of interactions of equal time the later one counts as newer. Those with a row of -1 (an
    unknown user or item) are left out, and so are views of items with which the user did
    something else too.

    Args:
        user_rows: (n,) int below `n_users`.
        item_rows: (n,) int.
        times: (n,) int or datetime64, larger is newer.
        n_users: How many users there are.
        limit: Items a user at most, and hidden items beside them.
        kinds: (n,), none of them a `remove`; empty if all are reviews.

    >>> histories(np.array([0, 0, 0, 0]), np.array([7, 8, 9, 7]), np.array([1, 3, 3, 2]), 1).items
    array([9, 8, 7], dtype=int32)
    """
    known = np.flatnonzero((np.asarray(user_rows) >= 0) & (np.asarray(item_rows) >= 0))
    users, items = np.asarray(user_rows)[known], np.asarray(item_rows)[known]
    order = np.lexsort((-known, _negated(np.asarray(times)[known]), users))
    known, users, items = known[order], users[order], items[order]
    # Stable: of the rows of one user and item the first is the newest, and views come last.
    viewed = (kinds[known] == VIEW,) if len(kinds) else ()
    by_pair = np.lexsort((*viewed, items, users))
    repeated = np.zeros(len(known), dtype=bool)
    repeated[by_pair[1:]] = (np.diff(users[by_pair]) == 0) & (np.diff(items[by_pair]) == 0)
    known, users, items = known[~repeated], users[~repeated], items[~repeated]
    weights = NO_WEIGHTS
    if len(kinds):
        kept = _newest(users, kinds[known] == HIDE, limit)
        weights = weights_of(kinds[known[kept]])
    else:
        kept = np.arange(len(users)) - np.searchsorted(users, users) < limit
    starts = np.searchsorted(users[kept], np.arange(n_users + 1)).astype(np.int64)
    return History(starts, items[kept].astype(np.int32), known[kept].astype(np.int64), weights)


def newest_distinct(items: NDArray[Any], limit: int = MAX_HISTORY_ITEMS) -> NDArray[np.int32]:
    """Make a history of item rows that come newest first: each once, `limit` at most."""
    _, first = np.unique(items, return_index=True)
    return np.asarray(items, dtype=np.int32)[np.sort(first)[:limit]]


def _newest(users: NDArray[Any], hidden: BoolArray, limit: int) -> BoolArray:
    """Mark the first `limit` entries of each user that are hidden, and those that aren't, (n,)."""
    kept = np.zeros(len(users), dtype=bool)
    for part in (np.flatnonzero(hidden), np.flatnonzero(~hidden)):
        own = users[part]
        kept[part] = np.arange(len(own)) - np.searchsorted(own, own) < limit
    return kept


def _negated(times: NDArray[Any]) -> NDArray[Any]:
    """Times as numbers that sort newest first."""
    if times.dtype.kind == "M":
        times = times.astype(np.int64)
    return -times
