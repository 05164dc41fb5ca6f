"""The numbers of the rating task: is the rating 5?"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.evaluation import Evaluation
from pipeline.evaluate.rating_task import rated_pairs
from recsys import metrics
from recsys.arrays import BoolArray, Scores


def rating_numbers(evaluation: Evaluation) -> dict[str, Any]:
    """Compute the numbers of every model; nothing where all ratings are of one kind."""
    if not evaluation.rating:
        return {}
    all_cases = evaluation.stale.cutoff.cases
    cases = all_cases.rated()
    share = float(cases.liked.mean())
    return {
        "pairs": len(cases),
        "users": len(np.unique(cases.users)),
        "base_rate": {
            "auc": 0.5,
            "accuracy": max(share, 1 - share),
            "five_star": _always(share),
            "other": _always(1 - share),
        },
        "models": {
            each.name: rating_metrics(
                each.threshold, *rated_pairs(all_cases, each.scores), cases.users
            )
            for each in evaluation.rating
        },
    }


def _always(share: float) -> dict[str, float]:
    """Precision, recall and F1 of always saying the class that has this share."""
    return {"precision": share, "recall": 1.0, "f1": 2 * share / (1 + share)}


def rating_metrics(
    threshold: float, liked: BoolArray, scores: Scores, users: NDArray[np.int64]
) -> dict[str, Any]:
    """Compute the metrics of one model.

    Args:
        threshold: The score from which it says "5 stars".
        liked: (n,) whether each pair was rated 5; both kinds are there.
        scores: (n,) of the pairs.
        users: (n,) the user of each pair, by whom intervals are bootstrapped.
    """
    from sklearn.metrics import accuracy_score, precision_recall_fscore_support, roc_auc_score

    said = scores >= threshold
    low, high = metrics.auc_interval(liked, scores, users)
    auc = float(roc_auc_score(liked, scores))
    by_class = precision_recall_fscore_support(liked, said, labels=[True, False], zero_division=0)
    five_star, other = (
        dict(zip(("precision", "recall", "f1"), map(float, of_class), strict=True))
        for of_class in zip(*by_class[:3], strict=True)
    )
    return {
        "auc": {"value": auc, "low": low, "high": high},
        "threshold": threshold,
        "accuracy": float(accuracy_score(liked, said)),
        "five_star": five_star,
        "other": other,
    }
