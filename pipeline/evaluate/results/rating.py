"""The numbers of the rating task: is the rating 5?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.evaluation import Evaluation
from pipeline.evaluate.rating_task import RatingScores
from recsys import metrics


def rating_numbers(evaluation: Evaluation) -> dict[str, Any]:
    """Compute the numbers of every model; nothing where the data has one kind of rating."""
    if not evaluation.rating:
        return {}
    cases = evaluation.stale.cutoff.cases
    liked, share = cases.liked, float(cases.liked.mean())
    return {
        "pairs": len(cases),
        "users": len(np.unique(cases.users)),
        "base_rate": {
            "auc": 0.5,
            "accuracy": max(share, 1 - share),
            "five_star": _always(share),
            "other": _always(1 - share),
        },
        "models": {each.name: _of(each, liked, cases.users) for each in evaluation.rating},
    }


def _always(share: float) -> dict[str, float]:
    """Precision, recall and F1 of saying always the class that has this share."""
    return {"precision": share, "recall": 1.0, "f1": 2 * share / (1 + share)}


def _of(rating: RatingScores, liked: NDArray[np.bool_], users: NDArray[np.int64]) -> dict[str, Any]:
    said = rating.scores >= rating.threshold
    low, high = metrics.auc_interval(liked, rating.scores, users)
    return {
        "auc": {"value": metrics.roc_auc(liked, rating.scores), "low": low, "high": high},
        "threshold": rating.threshold,
        "accuracy": metrics.accuracy(liked, said),
        "five_star": _of_class(liked, said, positive=True),
        "other": _of_class(liked, said, positive=False),
    }


def _of_class(
    liked: NDArray[np.bool_], said: NDArray[np.bool_], *, positive: bool
) -> dict[str, float]:
    return {
        metric.__name__: metric(liked, said, positive=positive)
        for metric in (metrics.precision, metrics.recall, metrics.f1)
    }
