"""Models that are one sparse item-item matrix: item-kNN and RP3beta."""

from __future__ import annotations

from functools import partial
from itertools import product
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.baselines.history import Baseline, Fitted, History


def fit_item_knn(history: History, n_neighbors: int, shrinkage: float) -> Fitted:
    """Score an item by how many of its users have the user's items (Sarwar et al., WWW 2001).

        s_ij = n_ij / (sqrt(n_i n_j) + shrinkage),   score_uj = Σ_{i of u} s_ij

    with n_i users of item i and n_ij of both: the cosine, shrunk where there are few users.
    """
    matrix = history.matrix
    both = (matrix.T @ matrix).tocoo()
    lengths = np.sqrt(_sizes(matrix, 0))
    both.data = both.data / (lengths[both.row] * lengths[both.col] + shrinkage)
    return _of_matrix(history, nearest(both, n_neighbors))


def fit_rp3beta(history: History, n_neighbors: int, alpha: float, beta: float) -> Fitted:
    """Score an item by a random walk user - item - user - item, popular ends held back.

        w_ij = Σ_v p_iv^alpha p_vj^alpha / n_j^beta,   score_uj = Σ_{i of u} w_ij

    with p_iv = 1 / n_i for each of the n_i users v of item i, and p_vj = 1 / n_v for each
    of the n_v items j of user v (Paudel et al., ACM TiiS 7, 2017).
    """
    from scipy.sparse import diags_array

    matrix = history.matrix
    per_user, per_item = _sizes(matrix, 1), _sizes(matrix, 0)
    forward = diags_array(per_user**-alpha) @ matrix
    walks = (diags_array(per_item**-alpha) @ matrix.T @ forward).tocoo()
    walks.data *= per_item[walks.col] ** -beta
    return _of_matrix(history, nearest(walks, n_neighbors))


def nearest(similarities: Any, n_neighbors: int) -> Any:
    """Keep the largest entries of each column, without the diagonal.

    Args:
        similarities: (n, n) sparse in coordinates.
        n_neighbors: Entries a column; of equal ones those of lower rows.

    Returns:
        (n, n) csr float32.
    """
    from scipy.sparse import csr_matrix

    others = similarities.row != similarities.col
    rows, columns = similarities.row[others], similarities.col[others]
    values = similarities.data[others]
    order = np.lexsort((rows, -values, columns))
    first = np.searchsorted(columns[order], np.arange(similarities.shape[1]))
    place = np.arange(len(order)) - first[columns[order]]
    kept = order[place < n_neighbors]
    return csr_matrix(
        (values[kept].astype(np.float32), (rows[kept], columns[kept])), shape=similarities.shape
    )


def _sizes(matrix: Any, axis: int) -> NDArray[np.float64]:
    """Sum a sparse matrix along an axis; 1 where there is nothing, to divide by."""
    sums = np.asarray(matrix.sum(axis=axis), dtype=np.float64).ravel()
    return np.where(sums > 0, sums, 1.0)


def _of_matrix(history: History, similarities: Any) -> Fitted:
    n_bytes = similarities.data.nbytes + similarities.indices.nbytes + similarities.indptr.nbytes
    return Fitted(partial(_sums, history.matrix, similarities), n_bytes)


def _sums(matrix: Any, similarities: Any, users: NDArray[np.int64]) -> NDArray[np.float32]:
    scores: NDArray[np.float32] = (matrix[users] @ similarities).toarray()
    return scores


ITEM_KNN: Final = Baseline(
    "item-kNN",
    fit_item_knn,
    tuple(
        {"n_neighbors": n_neighbors, "shrinkage": shrinkage}
        for n_neighbors, shrinkage in product((50, 200), (0.0, 10.0, 30.0, 100.0))
    ),
)
RP3BETA: Final = Baseline(
    "RP3beta",
    fit_rp3beta,
    tuple(
        {"n_neighbors": 100, "alpha": alpha, "beta": beta}
        for alpha, beta in product((0.4, 0.6, 0.8, 1.0), (0.2, 0.5))
    ),
)
