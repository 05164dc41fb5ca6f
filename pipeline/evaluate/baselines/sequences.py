"""What each user chose, oldest first, for models that read the order."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.baselines.baseline import TrainingData
from recsys.arrays import Rows
from recsys.history import MAX_HISTORY_ITEMS


class Sequences(NamedTuple):
    """The newest `MAX_HISTORY_ITEMS` distinct items of each user, oldest first.

    Attributes:
        starts: (n_users + 1,) int64; user u has `items[starts[u]:starts[u + 1]]`.
        items: (n,) int64 item rows.
        days: (n,) int32, when each was chosen.
    """

    starts: NDArray[np.int64]
    items: NDArray[np.int64]
    days: NDArray[np.int32]

    @property
    def lengths(self) -> NDArray[np.int64]:
        """Items of each user, (n_users,)."""
        return np.diff(self.starts)

    def of(self, user: int) -> NDArray[np.int64]:
        """Item rows of one user, oldest first."""
        return self.items[self.starts[user] : self.starts[user + 1]]

    def padded(self, users: Rows) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """Lay out what some users (m,) chose in rows of equal length.

        Returns:
            Places in `items`, (m, l) with l the longest history but at least 1; a row ends in
            repetitions of its last place. And how many of them are of the user, (m,).
        """
        lengths = self.lengths[users]
        offsets = np.minimum(np.arange(max(lengths.max(initial=1), 1)), lengths[:, None] - 1)
        places = self.starts[users][:, None] + np.maximum(offsets, 0)
        return np.minimum(places, len(self.items) - 1), lengths


def sequences_of(data: TrainingData) -> Sequences:
    """List the items of each user in the order of their first reviews."""
    pairs = data.pairs
    order = np.argsort(pairs.users, kind="stable")
    users = pairs.users[order]
    until_newest = np.searchsorted(users, users, side="right") - np.arange(len(users))
    order = order[until_newest <= MAX_HISTORY_ITEMS]
    starts = np.searchsorted(pairs.users[order], np.arange(data.n_users + 1))
    return Sequences(starts.astype(np.int64), pairs.items[order], pairs.days[order])
