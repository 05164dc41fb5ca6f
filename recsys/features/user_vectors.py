"""Users as means of vectors: of the items they reviewed, and of what they wrote.

All functions take whole groups (every row of each user), work on all users at once, and
accept empty input.
"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import FloatArray, IntArray
from recsys.features.vectors import half_precision, unit_length
from recsys.history import History

RECENCY_DECAY: Final = 0.15
"""How fast older reviews lose weight: each position back multiplies it by exp(-0.15) = 0.86."""

_USERS_A_BLOCK: Final = 4096
# Bounds the memory of the gathered vectors to some ten MB.


def newest_positions(user_rows: IntArray) -> NDArray[np.int64]:
    """Count for each review how many newer ones its user has: 0 is the newest.

    Args:
        user_rows: (n,) int, whose review it is, in order of time.

    Returns:
        (n,) positions, 0 to the user's number of reviews - 1.

    >>> newest_positions(np.array([0, 1, 0])).tolist()
    [1, 0, 0]
    """
    order = np.argsort(user_rows, kind="stable")
    users = np.asarray(user_rows)[order]
    last_of_user = np.searchsorted(users, users, side="right") - 1
    positions = np.empty(len(users), dtype=np.int64)
    positions[order] = last_of_user - np.arange(len(users))
    return positions


def recency_weights(positions: NDArray[Any], decay: float = RECENCY_DECAY) -> NDArray[np.float64]:
    """Weigh a review by how many newer ones its user has: exp(-decay · position).

    Positions count reviews, not days, so a user who paused for a year is described by the
    same latest reviews as one who didn't.

    Args:
        positions: (n,) 0 is the newest; a fraction where newer ones count for less than 1.
        decay: 0 weighs all alike.

    Returns:
        (n,) weights in (0, 1]; `weighted_means` needs no sum of 1.
    """
    return np.exp(-decay * np.asarray(positions, dtype=np.float64))


def weighted_means(
    user_rows: IntArray,
    vector_rows: IntArray,
    weights: NDArray[Any],
    vectors: NDArray[Any],
    n_users: int,
) -> FloatArray:
    """Describe each user by the weighted mean of some vectors, scaled to length 1.

    Length 1 puts users on the scale of the encoder's own vectors: one with a single item
    has exactly the vector of that item. A user without rows, or whose vectors are all
    zero, gets zeros.

    Args:
        user_rows: (n,) int, below `n_users`.
        vector_rows: (n,) int, the row of `vectors` that belongs to the review.
        weights: (n,) float, positive.
        vectors: (m, d) float16 or float32.
        n_users: How many users there are.

    Returns:
        (n_users, d) float32.
    """
    order = np.lexsort((weights, vector_rows, user_rows))  # a float sum depends on its order
    users = np.asarray(user_rows)[order]
    rows, row_weights = np.asarray(vector_rows)[order], np.asarray(weights, np.float32)[order]
    sums = np.zeros((n_users, vectors.shape[1]), dtype=np.float32)
    for first_user in range(0, n_users, _USERS_A_BLOCK):
        low, high = np.searchsorted(users, [first_user, first_user + _USERS_A_BLOCK])
        if low < high:
            present, starts = np.unique(users[low:high], return_index=True)
            weighted = vectors[rows[low:high]] * row_weights[low:high, None]
            sums[present] = np.add.reduceat(weighted, starts, axis=0)
    return unit_length(sums)


def user_item_vectors(history: History, item_vectors: NDArray[Any]) -> FloatArray:
    """Describe each user by the recency-weighted mean of the vectors of the items in the history.

    An item counts as much as its weight says times exp(-0.15 · age), hidden ones not at all.

    The one definition of a user's item vector: for the stored ones, for users and visitors
    without a stored one, and for those of an earlier cutoff. So all are rounded as stored ones
    are.

    Args:
        history: The newest distinct items of each user, at most 50, an item at its newest time.
        item_vectors: (n_items, d) float16 or float32.

    Returns:
        (n_users, d) float32 of half precision and length 1, zeros for a user without a history.
    """
    users, items, weights = history.users, history.items, recency_weights(history.ages)
    if (positive := history.positive_weights) is not None:
        counted = positive > 0
        users, items, weights = users[counted], items[counted], (positive * weights)[counted]
    return half_precision(weighted_means(users, items, weights, item_vectors, history.n_users))
