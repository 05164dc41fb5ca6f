"""SLIM: each item as a sparse, non-negative regression on the items that are chosen with it."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import numpy as np

from pipeline.evaluate.baselines.baseline import Baseline, Fitted, Ladder, TrainingData
from recsys.arrays import FloatArray, Rows

MAX_ITEMS: Final = 15_000
"""Most items with history for which as many regressions are worth their minutes."""


def fit(data: TrainingData, l1: float, l2: float) -> Fitted:
    """Predict each item of a user from others of the user (Ning and Karypis, ICDM 2011).

        w_j = argmin ½ |x_j - X w|² + l1 |w|₁ + ½ l2 |w|²   with w ≥ 0 and w_jj = 0

    A positive weight of an item that nobody has together with j can only add to the first term,
    so the inputs are the others, and the answer is that of the regression on all items.
    """
    from scipy.sparse import csc_matrix
    from sklearn.linear_model import ElasticNet

    matrix = data.matrix.tocsc()
    together = (matrix.T @ matrix).tocsc()
    net = ElasticNet(
        alpha=(l1 + l2) / data.n_users,
        l1_ratio=l1 / (l1 + l2),
        fit_intercept=False,
        positive=True,
    )
    entries = [_weights_of(item, matrix, together, net) for item in range(data.n_items)]
    rows, weights = (np.concatenate(parts) for parts in zip(*entries, strict=True))
    starts = np.cumsum([0, *(len(of_item) for of_item, _ in entries)])
    kept = csc_matrix((weights, rows, starts), shape=together.shape).tocsr()
    n_bytes = kept.data.nbytes + kept.indices.nbytes + kept.indptr.nbytes
    return Fitted(partial(_sums, data.matrix, kept), n_bytes)


def refuses(data: TrainingData) -> str:
    """Return why the catalog is too large, "" where it isn't."""
    n_present = int(np.count_nonzero(data.counts))
    if n_present <= MAX_ITEMS:
        return ""
    return f"{n_present:,} items with history; as many regressions are worth it up to {MAX_ITEMS:,}"


def _weights_of(item: int, matrix: Any, together: Any, net: Any) -> tuple[Rows, FloatArray]:
    """Fit the regression of an item; return the items with a positive weight, and the weights."""
    others = together.indices[together.indptr[item] : together.indptr[item + 1]]
    others = others[others != item]
    if not len(others):
        return others, np.zeros(0, dtype=np.float32)
    chosen = matrix[:, [item]].toarray().ravel()
    weights = net.fit(matrix[:, others], chosen).coef_
    return others[weights > 0], weights[weights > 0].astype(np.float32)


def _sums(matrix: Any, weights: Any, users: Rows) -> FloatArray:
    scores: FloatArray = (matrix[users] @ weights).toarray()
    return scores


SLIM: Final = Baseline(
    "SLIM",
    fit,
    {
        "l1": Ladder((0.03, 0.1, 0.3, 1.0, 3.0, 10.0), 2),
        "l2": Ladder((0.3, 1.0, 3.0, 10.0, 30.0, 100.0), 3),
    },
    refuses=refuses,
)
