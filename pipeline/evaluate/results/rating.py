"""The numbers of the rating task: is the rating 5?"""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.evaluation import Evaluation
from pipeline.evaluate.rating_task import RatingScores, rated_pairs
from recsys import metrics
from recsys.arrays import BoolArray, Scores
from recsys.interactions import Interactions

N_BINS: Final = 10


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
            "brier": share * (1 - share),
            "five_star": _always(share),
            "other": _always(1 - share),
        },
        "models": {
            each.name: rating_metrics(
                each.threshold, *rated_pairs(all_cases, each.scores), cases.users
            )
            | _calibration(all_cases, each)
            for each in evaluation.rating
        },
    }


def _always(share: float) -> dict[str, float]:
    """Precision, recall and F1 of always saying the class that has this share."""
    return {"precision": share, "recall": 1.0, "f1": 2 * share / (1 + share)}


def _calibration(cases: Interactions, rating: RatingScores) -> dict[str, Any]:
    if rating.probabilities is None:
        return {}
    return calibration(*rated_pairs(cases, rating.probabilities))


def calibration(liked: BoolArray, chances: Scores) -> dict[str, Any]:
    """Measure whether probabilities are what they say.

    The Brier score is the mean squared error (Brier, Monthly Weather Review 78, 1950); that of the
    base rate is of the best constant. For the expected calibration error pairs are parted into ten
    bins of as many pairs by their probabilities: the mean over pairs of how far the bin's share of
    five stars is from its mean probability (Naeini et al., AAAI 2015).

    Args:
        liked: (n,) whether each pair was rated 5.
        chances: (n,) the probabilities.
    """
    bins = [
        {
            "probability": float(chances[part].mean()),
            "share": float(liked[part].mean()),
            "pairs": len(part),
        }
        for part in np.array_split(np.argsort(chances, kind="stable"), N_BINS)
        if len(part)
    ]
    errors = [each["pairs"] * abs(each["share"] - each["probability"]) for each in bins]
    return {
        "brier": float(np.mean((chances - liked) ** 2)),
        "calibration_error": sum(errors) / len(liked),
        "reliability": bins,
    }


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
