"""Models that give users and items vectors, from the library implicit: ALS and BPR."""

from __future__ import annotations

import warnings
from collections.abc import Iterator
from contextlib import contextmanager
from functools import partial
from itertools import product
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.baselines.history import Baseline, Fitted, History

SEED: Final = 7


def fit_als(
    history: History, factors: int, regularization: float, iterations: int, confidence: float
) -> Fitted:
    """Factorise who has what, alternating least squares (Hu, Koren and Volinsky 2008).

    `confidence` is that of a pair that exists, beside 1 of every other. An item or user
    without history has the vector zero and therefore the score 0.
    """
    return _als(history, history.matrix, factors, regularization, iterations, confidence)


def fit_mission_als(history: History) -> Fitted:
    """Factorise the ratings, each its own confidence: 30 factors, regularisation .1, 30 times."""
    from scipy.sparse import csr_matrix

    pairs = history.pairs
    shape = (history.n_users, history.n_items)
    ratings = csr_matrix((pairs.ratings, (pairs.users, pairs.items)), shape=shape)
    return _als(history, ratings, 30, 0.1, 30, 1.0)


def fit_bpr(
    history: History, factors: int, learning_rate: float, regularization: float, iterations: int
) -> Fitted:
    """Learn vectors by which items that a user has outrank others (Rendle et al., UAI 2009).

    One thread, so that the same seed gives the same vectors.
    """
    with _implicit() as implicit:
        model = implicit.bpr.BayesianPersonalizedRanking(
            factors=factors,
            learning_rate=learning_rate,
            regularization=regularization,
            iterations=iterations,
            random_state=SEED,
            use_gpu=False,
            num_threads=1,
        )
        model.fit(history.matrix, show_progress=False)
    return _of_factors(model, history)


def _als(
    history: History,
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
            random_state=SEED,
            use_gpu=False,
        )
        model.fit(matrix, show_progress=False)
    return _of_factors(model, history)


@contextmanager
def _implicit() -> Iterator[Any]:
    """Import the library, its own threads and those of BLAS kept from waiting for each other."""
    with warnings.catch_warnings():
        # Its progress bar misses widgets in a notebook; none is shown here.
        warnings.filterwarnings("ignore", message="IProgress not found")
        import implicit.als
        import implicit.bpr
    from threadpoolctl import threadpool_limits  # type: ignore[import-untyped]

    with threadpool_limits(limits=1, user_api="blas"):
        yield implicit


def _of_factors(model: Any, history: History) -> Fitted:
    users, items = np.asarray(model.user_factors), np.asarray(model.item_factors)
    items = np.where(history.counts[:, None] > 0, items, np.float32(0.0))
    return Fitted(partial(_dots, users, items), users.nbytes + items.nbytes)


def _dots(
    users: NDArray[np.float32], items: NDArray[np.float32], rows: NDArray[np.int64]
) -> NDArray[np.float32]:
    return users[rows] @ items.T


IALS: Final = Baseline(
    "iALS",
    fit_als,
    tuple(
        {"factors": factors, "regularization": strength, "iterations": 15, "confidence": confidence}
        for factors, strength, confidence in product((32, 128), (0.1, 1.0), (4.0, 20.0))
    ),
)
BPR: Final = Baseline(
    "BPR",
    fit_bpr,
    tuple(
        {
            "factors": factors,
            "learning_rate": rate,
            "regularization": strength,
            "iterations": 100,
        }
        for factors, rate, strength in product((32, 128), (0.01, 0.05), (0.001, 0.01))
    ),
)
MINIMAL_ALS: Final = Baseline("ALS", fit_mission_als)
