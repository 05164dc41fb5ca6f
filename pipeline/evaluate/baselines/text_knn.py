"""Items described like those that the user had: MiniLM vectors, nothing learned."""

from __future__ import annotations

from functools import partial
from itertools import product
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.baselines.history import Baseline, Fitted, History
from recsys.arrays import FloatArray
from recsys.features.user_vectors import newest_positions, recency_weights, weighted_means
from recsys.features.vectors import unit_length


def fit(history: History, recency_decay: float, *, centered: bool) -> Fitted:
    """Score an item by the cosine between its text and the mean text of the user's items.

    Args:
        history: What users had.
        recency_decay: How fast older items lose weight, a position.
        centered: Whether the catalog's mean is taken off all vectors first, so that what
            all items share says nothing.
    """
    pairs, vectors = history.pairs, unit_length(history.item_vectors)
    if centered:
        vectors = unit_length(vectors - vectors.mean(axis=0))
    positions = newest_positions(pairs.users)
    weights = recency_weights(positions, recency_decay)
    users = weighted_means(pairs.users, pairs.items, weights, vectors, history.n_users)
    return Fitted(partial(_cosines, users, vectors), users.nbytes + vectors.nbytes)


def _cosines(users: FloatArray, items: FloatArray, rows: NDArray[np.int64]) -> FloatArray:
    cosines: FloatArray = users[rows] @ items.T
    return cosines


TEXT_KNN: Final = Baseline(
    "text-kNN",
    fit,
    tuple(
        {"recency_decay": decay, "centered": centered}
        for decay, centered in product((0.0, 0.15, 0.5, 1.0), (True, False))
    ),
)
