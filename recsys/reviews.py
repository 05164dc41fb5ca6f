"""Who rated what, when: the interactions of each user in compressed rows, newest first."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray


class Reviews(NamedTuple):
    """The interactions of user u are those from `starts[u]` up to `starts[u + 1]`.

    `starts` (n_users + 1,) int64; `items` (n,) int32 item rows; `ratings` (n,) float32;
    `times` (n,) int64, seconds since the epoch in UTC.
    """

    starts: NDArray[np.int64]
    items: NDArray[np.int32]
    ratings: NDArray[np.float32]
    times: NDArray[np.int64]


def reviews_by_user(
    user_rows: NDArray[np.int64],
    item_rows: NDArray[np.int64],
    ratings: NDArray[np.floating],
    times: NDArray[np.int64],
    n_users: int,
) -> Reviews:
    """Gather the interactions of each user, newest first, equal times by lower item row.

    Interactions with a row of -1 (an unknown user or item) are left out; repeated ones stay.
    """
    known = np.flatnonzero((user_rows >= 0) & (item_rows >= 0))
    order = known[np.lexsort((item_rows[known], -times[known], user_rows[known]))]
    return Reviews(
        np.searchsorted(user_rows[order], np.arange(n_users + 1)).astype(np.int64),
        item_rows[order].astype(np.int32),
        ratings[order].astype(np.float32),
        times[order],
    )
