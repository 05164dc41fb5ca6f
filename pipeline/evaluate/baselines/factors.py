"""Matrix factorizations from the library implicit: ALS and BPR."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from typing import Any, Final

import numpy as np

from pipeline.evaluate.baselines.baseline import Baseline, Fitted, Ladder, TrainingData
from recsys.arrays import FloatArray, Rows


def fit_als(
    data: TrainingData, factors: int, regularization: float, iterations: int, confidence: float
) -> Fitted:
    """Factorize who has what, by alternating least squares (Hu, Koren and Volinsky 2008).

    `confidence` is that of a pair that exists; every other has 1. An item or user without
    history has the vector zero and therefore the score 0.
    """
    return _als(data, data.matrix, factors, regularization, iterations, confidence)


def fit_minimal_als(data: TrainingData) -> Fitted:
    """Factorize the ratings, each its own confidence: 30 factors, regularization .1, 30 iterations."""
    from scipy.sparse import csr_matrix

    pairs = data.pairs.rated()
    shape = (data.n_users, data.n_items)
    ratings = csr_matrix((pairs.ratings, (pairs.users, pairs.items)), shape=shape)
    return _als(data, ratings, 30, 0.1, 30, 1.0)


def fit_bpr(
    data: TrainingData, factors: int, learning_rate: float, regularization: float, iterations: int
) -> Fitted:
    """Learn vectors by which items that a user has outrank others (Rendle et al., UAI 2009).

    It runs in one thread, so that the same seed gives the same vectors.
    """
    with _implicit() as implicit:
        model = implicit.bpr.BayesianPersonalizedRanking(
            factors=factors,
            learning_rate=learning_rate,
            regularization=regularization,
            iterations=iterations,
            random_state=data.seed,
            use_gpu=False,
            num_threads=1,
        )
        model.fit(data.matrix, show_progress=False)
    return _of_factors(model, data)


def _als(
    data: TrainingData,
    matrix: Any,
    factors: int,
    regularization: float,
    iterations: int,
    confidence: float,
) -> Fitted:
    with _implicit() as implicit:
        model = implicit.als.AlternatingLeastSquares(
            factors=factors,
            regularization=regularization,
            iterations=iterations,
            alpha=confidence,
            random_state=data.seed,
            use_gpu=False,
        )
        model.fit(matrix, show_progress=False)
    return _of_factors(model, data)


@contextmanager
def _implicit() -> Iterator[Any]:
    """Import the library, and keep BLAS to one thread so that the two don't compete for cores."""
    with warnings.catch_warnings():
        # Its progress bar misses widgets in a notebook; none is shown here.
        warnings.filterwarnings("ignore", message="IProgress not found")
        import implicit.als
        import implicit.bpr
    from threadpoolctl import threadpool_limits

    with threadpool_limits(limits=1, user_api="blas"):
        yield implicit


def _of_factors(model: Any, data: TrainingData) -> Fitted:
    users, items = np.asarray(model.user_factors), np.asarray(model.item_factors)
    items = np.where(data.counts[:, None] > 0, items, np.float32(0.0))
    return Fitted(partial(_dots, users, items), users.nbytes + items.nbytes)


def _dots(users: FloatArray, items: FloatArray, rows: Rows) -> FloatArray:
    return users[rows] @ items.T


IALS: Final = Baseline(
    "iALS",
    fit_als,
    {
        "regularization": Ladder((0.03, 0.1, 0.3, 1.0, 3.0, 10.0, 30.0, 100.0), 5),
        "confidence": Ladder((0.5, 1.0, 2.0, 4.0, 8.0, 16.0, 32.0, 64.0), 3),
        "factors": Ladder((8, 16, 32, 64, 128, 256), 2),
        "iterations": Ladder((15,)),
    },
)
BPR: Final = Baseline(
    "BPR",
    fit_bpr,
    {
        "learning_rate": Ladder((0.001, 0.003, 0.01, 0.03, 0.1), 2),
        "regularization": Ladder((0.0001, 0.0003, 0.001, 0.003, 0.01, 0.03, 0.1), 3),
        "factors": Ladder((16, 32, 64, 128, 256, 512), 3),
        "iterations": Ladder((100,)),
    },
)
MINIMAL_ALS: Final = Baseline("ALS", fit_minimal_als)
