"""Who did what with which item, when: the interactions of each user in compressed rows, newest first."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import BoolArray, FloatArray, ItemRows
from recsys.interactions import Interactions, NewInteractions, taken_back
from recsys.kinds import HIDE, NO_KINDS, REMOVE, REVIEW, VIEW, Kinds


class Reviews(NamedTuple):
    """The interactions of user u are those from `starts[u]` up to `starts[u + 1]`.

    Attributes:
        starts: (n_users + 1,) int64.
        items: (n,) int32 item rows.
        ratings: (n,) float32, NaN where an interaction has none.
        times: (n,) int64, microseconds since the epoch in UTC.
        kinds: (n,) uint8 of `recsys.kinds`; empty if all are reviews.
    """

    starts: NDArray[np.int64]
    items: ItemRows
    ratings: FloatArray
    times: NDArray[np.int64]
    kinds: Kinds = NO_KINDS

    def of(self, user_row: int) -> Reviews:
        """List the interactions of one user; `starts` is that of the whole."""
        return self.rows(slice(self.starts[user_row], self.starts[user_row + 1]))

    def without_removes(self) -> Reviews:
        """Leave out each `remove`, of which only what it took back tells; `starts` stays."""
        removed = self.kinds == REMOVE
        return self.rows(~removed) if removed.any() else self

    def rows(self, chosen: slice | BoolArray) -> Reviews:
        """Take some of the interactions; `starts` stays."""
        kinds = self.kinds[chosen] if len(self.kinds) else self.kinds
        return Reviews(
            self.starts, self.items[chosen], self.ratings[chosen], self.times[chosen], kinds
        )


def reviews_by_user(interactions: Interactions) -> Reviews:
    """Gather the interactions of each user, newest first, of equal times the later one first.

    Those with a row of -1 (an unknown user or item) are left out; repeated ones stay.
    """
    known = np.flatnonzero(interactions.known)[::-1]
    order = known[np.argsort(interactions.users[known], kind="stable")]
    users, kinds = interactions.users[order], interactions.kinds
    return Reviews(
        np.searchsorted(users, np.arange(interactions.n_users + 1)).astype(np.int64),
        interactions.items[order].astype(np.int32),
        interactions.ratings[order].astype(np.float32),
        interactions.times[order],
        kinds[order] if len(kinds) else kinds,
    )


def hidden_items(reviews: Reviews) -> ItemRows:
    """Rows of the items that one user hid and hasn't chosen since, ascending."""
    if not len(reviews.kinds):
        return reviews.items[:0]
    acted = np.flatnonzero(reviews.kinds != VIEW)
    items, newest = np.unique(reviews.items[acted], return_index=True)
    return np.asarray(items[reviews.kinds[acted[newest]] == HIDE])


def one_user(recorded: Reviews, newer: NewInteractions) -> Interactions:
    """Merge what one user did later into what is recorded of that user, as the user 0.

    At equal times what is recorded comes first. So the result is what reading rows of all of
    these gives, the newer ones behind the others.

    Args:
        recorded: Of one user, a `remove` too.
        newer: Which may be older than some of the recorded ones.
    """
    old = recorded.rows(slice(None, None, -1))
    times = np.concatenate([old.times, newer.times])
    kinds = np.concatenate([_kinds_of(old), newer.kinds])
    items = np.concatenate([old.items, newer.items]).astype(np.int64)
    order = np.argsort(times, kind="stable")
    order = order[~taken_back(np.zeros(len(order), np.int64), items[order], kinds[order])]
    order = order[kinds[order] != REMOVE]
    return Interactions(
        users=np.zeros(len(order), np.int64),
        items=items[order],
        times=times[order],
        ratings=np.concatenate([old.ratings, newer.ratings])[order],
        file_rows=order,
        user_names=np.array([None], dtype=object),
        kinds=kinds[order],
    )


def _kinds_of(reviews: Reviews) -> Kinds:
    if len(reviews.kinds):
        return reviews.kinds
    return np.full(len(reviews.items), REVIEW, dtype=np.uint8)
