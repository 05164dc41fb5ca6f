"""Models that are one sparse item-item matrix: item-kNN and RP3beta."""

from __future__ import annotations

from collections.abc import Callable
from functools import partial
from typing import Any, Final

import numpy as np

from pipeline.evaluate.baselines.baseline import Baseline, Fitted, Ladder, TrainingData
from pipeline.train.ranker.nearest import blocks
from pipeline.train.ranker.similarities import largest_entries, random_walk
from recsys.arrays import FloatArray, Rows


def fit_item_knn(data: TrainingData, n_neighbors: int, shrinkage: float) -> Fitted:
    """Score an item by how many of its users have the user's items (Sarwar et al., WWW 2001).

        s_ij = n_ij / (sqrt(n_i n_j) + shrinkage),   score_uj = Σ_{i of u} s_ij

    with n_i users of item i and n_ij of both: the cosine, shrunk where there are few users.
    Where age matters, pairs count as `data.matrix` has them, in n and in the user's sum.
    """
    lengths = np.sqrt(np.asarray(data.matrix.power(2).sum(axis=0)).reshape(-1))

    def cosines(both: Any, items: Rows, neighbors: Rows) -> Any:
        return both / (lengths[items] * lengths[neighbors] + shrinkage)

    return _fitted(data, data.matrix.T.tocsr(), data.matrix, cosines, n_neighbors)


def fit_rp3beta(data: TrainingData, n_neighbors: int, alpha: float, beta: float) -> Fitted:
    """Score an item by random walks from the user's items: score_uj = Σ_{i of u} S_ij.

    S is that of `pipeline.train.ranker.similarities.random_walk`. Where age matters, each step
    and each of the user's items counts as `data.matrix` has it.
    """
    to_users, to_items = random_walk(data.matrix, alpha, dtype=np.float64)
    to_users, to_items = to_users.multiply(data.matrix.T), to_items.multiply(data.matrix)
    popularity = np.maximum(data.counts, 1) ** -beta

    def held_back(walks: Any, items: Rows, _: Rows) -> Any:
        return walks * popularity[items]  # after summing, so that equal walks stay equal

    return _fitted(data, to_items.T.tocsr(), to_users.T.tocsr(), held_back, n_neighbors)


def _fitted(
    data: TrainingData,
    left: Any,
    right: Any,
    weigh: Callable[[Any, Rows, Rows], Any],
    n_neighbors: int,
) -> Fitted:
    """Keep the nearest neighbors of each item, and score by them.

    The product is made some rows at a time and never held whole.

    Args:
        data: What users have.
        left: (n_items, n_users) sparse, a row an item.
        right: (n_users, n_items) sparse, a column a neighbor of it.
        weigh: Entries of left · right, their items and their neighbors to similarities.
        n_neighbors: Entries kept of an item; of equal ones those of lower rows.
    """
    from scipy.sparse import csr_matrix

    parts = []
    for first, end in blocks(data.n_items):
        products = (left[first:end] @ right).tocoo()
        items, neighbors = products.row + np.int32(first), products.col
        weights = weigh(products.data, items, neighbors)
        parts.append(largest_entries(items, neighbors, weights, n_neighbors))
    items, neighbors, weights = (np.concatenate(column) for column in zip(*parts, strict=True))
    kept = csr_matrix((weights, (neighbors, items)), shape=(data.n_items, data.n_items))
    n_bytes = kept.data.nbytes + kept.indices.nbytes + kept.indptr.nbytes
    return Fitted(partial(_sums, data.matrix, kept), n_bytes)


def _sums(matrix: Any, similarities: Any, users: Rows) -> FloatArray:
    scores: FloatArray = (matrix[users] @ similarities).toarray()
    return scores


ITEM_KNN: Final = Baseline(
    "item-kNN",
    fit_item_knn,
    {
        "shrinkage": Ladder((0.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1_000.0, 3_000.0), 4),
        "n_neighbors": Ladder((25, 50, 100, 200, 400, 800), 2),
    },
)
RP3BETA: Final = Baseline(
    "RP3beta",
    fit_rp3beta,
    {
        "alpha": Ladder((0.0, 0.1, 0.2, 0.3, 0.4, 0.6, 0.8, 1.0), 2),
        "beta": Ladder((0.0, 0.1, 0.2, 0.3, 0.5, 0.7), 1),
        "n_neighbors": Ladder((25, 50, 100, 200, 400, 800), 2),
    },
)
