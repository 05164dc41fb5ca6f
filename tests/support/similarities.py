"""Item similarities and histories: two small ones by hand, others drawn at random."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import FloatArray
from recsys.history import History, histories
from recsys.item_similarities import ItemSimilarities, stack_similarities
from recsys.kinds import HIDE, KIND_WEIGHTS, PURCHASE, VIEW
from scoring.affinities import Affinities

N_ITEMS = 4
DECAY = np.log(2)
"""Each position back halves the weight, so two items count 2/3 and 1/3."""


def two_similarities() -> ItemSimilarities:
    """ "near" says 0 → 1 (weight 3) and 2 → 1 (6), 2 → 3 (1.5); "far" says 0 → 3 (-9)."""
    entries = (
        np.array([0, 0, 0, 1]),
        np.array([0, 2, 2, 0]),
        np.array([1, 1, 3, 3]),
        np.array([3.0, 6.0, 1.5, -9.0]),
    )
    return stack_similarities(["near", "far"], np.array([DECAY, 0.0]), entries, N_ITEMS)


def random_similarities(n_items: int = 70, n_neighbors: int = 9, seed: int = 0) -> ItemSimilarities:
    random = np.random.default_rng(seed)
    n_rows = 3 * n_items
    neighbors = np.concatenate(
        [random.choice(n_items, n_neighbors, replace=False) for _ in range(n_rows)]
    )
    similarity, item = np.divmod(np.repeat(np.arange(n_rows), n_neighbors), n_items)
    weights = random.normal(1.0, 1.0, len(similarity)).astype(np.float32)
    return stack_similarities(
        ["a", "b", "c"], np.array([0.7, 0.2, 0.0]), (similarity, item, neighbors, weights), n_items
    )


def random_histories(n_users: int = 40, n_items: int = 70, seed: int = 1) -> History:
    random = np.random.default_rng(seed)
    n = 6 * n_users
    users, items = random.integers(n_users, size=n), random.integers(n_items, size=n)
    return histories(users, items, random.integers(30, size=n), n_users)


def random_weights(history: History, seed: int = 2) -> History:
    """The same history with items that were chosen, viewed or hidden."""
    kinds = np.random.default_rng(seed).choice([PURCHASE, VIEW, HIDE], len(history.items))
    return history._replace(weights=KIND_WEIGHTS[kinds])


def affinities_of(similarities: ItemSimilarities, history: History) -> Affinities:
    return Affinities(similarities, history.starts, history.items, history.weights)


def dense_affinities(
    similarities: ItemSimilarities, history: History, user_rows: NDArray[Any]
) -> FloatArray:
    """The affinity of every item for some users: (m, n_items, C) float32."""
    affinities = affinities_of(similarities, history)
    dense = np.zeros(
        (len(user_rows), similarities.n_items, similarities.n_similarities), dtype=np.float32
    )
    for place, user in enumerate(user_rows):
        rows, phi = affinities.of_user(int(user))
        dense[place, rows] = phi
    return dense
