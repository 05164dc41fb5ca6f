"""Similarities and histories drawn at random."""

from __future__ import annotations

import numpy as np

from recsys.history import History, histories
from recsys.item_similarities import ItemSimilarities, stack_similarities


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
