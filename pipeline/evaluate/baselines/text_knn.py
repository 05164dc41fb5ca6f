"""Items described like those that the user had: MiniLM vectors, nothing learned."""

from __future__ import annotations

from functools import partial
from typing import Final

from pipeline.evaluate.baselines.baseline import Baseline, Fitted, Ladder, TrainingData
from recsys.arrays import FloatArray, Rows
from recsys.features.user_vectors import newest_positions, recency_weights, weighted_means
from recsys.features.vectors import unit_length


def fit(data: TrainingData, recency_decay: float, *, centered: bool) -> Fitted:
    """Score an item by the cosine between its text and the mean text of the user's items.

    Args:
        data: What users have.
        recency_decay: How fast older items lose weight, per position.
        centered: Whether the catalog's mean is subtracted from all vectors first, so that what
            all items share says nothing.
    """
    pairs, vectors = data.pairs, unit_length(data.item_vectors)
    if centered:
        vectors = unit_length(vectors - vectors.mean(axis=0))
    positions = newest_positions(pairs.users)
    weights = recency_weights(positions, recency_decay)
    users = weighted_means(pairs.users, pairs.items, weights, vectors, data.n_users)
    return Fitted(partial(_cosines, users, vectors), users.nbytes + vectors.nbytes)


def _cosines(users: FloatArray, items: FloatArray, rows: Rows) -> FloatArray:
    cosines: FloatArray = users[rows] @ items.T
    return cosines


TEXT_KNN: Final = Baseline(
    "text-kNN",
    fit,
    {
        "recency_decay": Ladder((0.0, 0.05, 0.15, 0.3, 0.5, 1.0, 2.0, 4.0), 3),
        "centered": Ladder((True, False)),
    },
)
