"""The other task: among pairs that happened, which were rated 5?

Measured on the cases of the stale cutoff, with models that know the training days only. It
is reported apart from ranking: a model may be good at one and bad at the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.cutoff import Cutoff
from pipeline.train.five_star.bias_choice import best_item_shrinkage, fitted_bias_model
from pipeline.train.five_star.stack import BIAS_MODEL
from recsys.arrays import BoolArray, FloatArray, Rows, Scores
from recsys.interactions import Interactions

SERVED_PROBABILITY: Final = "served probability"


@dataclass(frozen=True)
class RatingScores:
    """One model's scores of pairs.

    Attributes:
        name: Name of the model.
        threshold: Score from which it says "5 stars", chosen on validation pairs.
        scores: (n_cases,) float64, the score of each test pair.
        probabilities: (n_cases,) float64, of five stars; None where scores are none.
    """

    name: str
    threshold: float
    scores: NDArray[np.float64]
    probabilities: NDArray[np.float64] | None = None


def rating_scores(
    name: str,
    of_validation: NDArray[np.float64],
    of_test: NDArray[np.float64],
    validation: Cutoff,
    probabilities: NDArray[np.float64] | None = None,
) -> RatingScores:
    """Choose the threshold by which a model's scores become answers."""
    threshold = best_threshold(*rated_pairs(validation.cases, of_validation))
    return RatingScores(name, threshold, of_test, probabilities)


def rated_pairs(cases: Interactions, scores: Scores) -> tuple[BoolArray, Scores]:
    """Take whether each case that has a rating was rated 5, and its score, (n_rated,) each."""
    rated = np.isfinite(cases.ratings)
    return cases.liked[rated], scores[rated]


def best_threshold(labels: BoolArray, scores: Scores) -> float:
    """Choose the score from which to say "yes" so that both classes fare well.

    The threshold t maximizes Youden's J = true positive rate(t) - false positive rate(t)
    for the rule `score >= t` (Youden, Cancer 3, 1950); of equal ones the highest. It is
    chosen on validation pairs, never on the pairs that are then judged.

    Args:
        labels: (n,) whether each pair is positive; both kinds are there.
        scores: (n,) score of each pair.
    """
    from sklearn.metrics import roc_curve

    false_rate, true_rate, thresholds = roc_curve(labels, scores, drop_intermediate=False)
    gain = (true_rate - false_rate)[1:]  # the first point is the rule that never says "yes"
    return float(thresholds[1:][int(np.argmax(gain))])


def bias_scores(validation: Cutoff, stale: Cutoff) -> RatingScores:
    """Score by how generous the user is and how well the item is rated, as training fits it.

    How far items are shrunk is chosen by the AUC on validation pairs.
    """
    rows, n_items = stale.history.rows, stale.history.n_items
    chosen = best_item_shrinkage(rows, validation.cases, n_items)
    model = fitted_bias_model(rows, n_items, chosen.item_shrinkage)
    of_validation, of_test = (
        model.predict(cutoff.cases.users, cutoff.cases.items) for cutoff in (validation, stale)
    )
    return rating_scores(BIAS_MODEL, of_validation, of_test, validation, of_test)


def served_scores(
    chances: Callable[[Rows, Rows], FloatArray], validation: Cutoff, stale: Cutoff
) -> RatingScores:
    """Score by the probability that the service tells."""
    of_validation, of_test = (
        chances(cutoff.cases.users, cutoff.cases.items).astype(np.float64)
        for cutoff in (validation, stale)
    )
    return rating_scores(SERVED_PROBABILITY, of_validation, of_test, validation, of_test)


def has_both_classes(*cutoffs: Cutoff) -> bool:
    """Check that there are pairs of both kinds, to choose a threshold and to measure by."""
    return all(0 < int(each.cases.liked.sum()) < len(each.cases.rated()) for each in cutoffs)
