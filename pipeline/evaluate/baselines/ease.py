"""EASE: the linear item-item model in closed form."""

from __future__ import annotations

from functools import partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import PipelineError
from pipeline.evaluate.baselines.baseline import Baseline, Fitted, Ladder, TrainingData
from recsys.arrays import FloatArray, Rows

MAX_ITEMS: Final = 15_000
"""Most items with history for which the inverse is worth its minutes and its memory (0.9 GB)."""


def fit(data: TrainingData, regularization: float) -> Fitted:
    """Predict each item of a user from all others (Steck, WWW 2019).

        P = (X' X + λ I)^-1,   B_ij = -P_ij / P_jj off the diagonal, 0 on it

    Items without history have no opinion and stay out of the inverse, which is computed
    by Cholesky in float32: λ keeps it well conditioned.

    Raises:
        PipelineError: The inverse failed, because λ is too small for the data.
    """
    from scipy.linalg import lapack

    present = np.flatnonzero(data.counts)
    matrix = data.matrix[:, present]
    gram = np.asarray((matrix.T @ matrix).toarray(), dtype=np.float32, order="F")
    gram[np.diag_indices_from(gram)] += regularization
    factor, failed = lapack.spotrf(gram, overwrite_a=True)
    if not failed:
        factor, failed = lapack.spotri(factor, overwrite_c=True)
    if failed:
        raise PipelineError(f"EASE can't invert with λ = {regularization:g}; give a larger one.")
    upper = np.triu(factor, 1)
    diagonal = np.diagonal(factor).copy()
    weights = upper + upper.T
    weights /= -diagonal
    return Fitted(partial(_scores, matrix, weights, present, data.n_items), weights.nbytes)


def refuses(data: TrainingData) -> str:
    """Return why the catalog is too large, "" where it isn't."""
    n_present = int(np.count_nonzero(data.counts))
    if n_present <= MAX_ITEMS:
        return ""
    return f"{n_present:,} items with history; inverting is worth it up to {MAX_ITEMS:,}"


def _scores(
    matrix: Any, weights: FloatArray, present: NDArray[np.intp], n_items: int, users: Rows
) -> FloatArray:
    """Score the items with history; those without get 0, as EASE has it."""
    scores = np.zeros((len(users), n_items), dtype=np.float32)
    scores[:, present] = matrix[users] @ weights
    return scores


EASE: Final = Baseline(
    "EASE",
    fit,
    {"regularization": Ladder((3.0, 10.0, 30.0, 100.0, 300.0, 1_000.0, 3_000.0, 10_000.0), 4)},
    refuses=refuses,
)
