"""The other task: among pairs that happened, which were rated 5?

Measured on the cases of the stale cutoff, with models that know the training days only. It
is reported apart from ranking: a model may be good at one and bad at the other.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.cutoff import Cutoff
from recsys.arrays import BoolArray, Scores
from recsys.bias_model import BiasModel, fit_bias_model
from recsys.interactions import Interactions

BIAS_MODEL: Final = "bias model"
SHRINKAGES: Final = tuple(
    (of_user, of_item) for of_user in (1.0, 3.0, 10.0) for of_item in (10.0, 30.0)
)


@dataclass(frozen=True)
class RatingScores:
    """One model's scores of pairs.

    Attributes:
        name: Name of the model.
        threshold: Score from which it says "5 stars", chosen on validation pairs.
        scores: (n_cases,) float64, the score of each test pair.
    """

    name: str
    threshold: float
    scores: NDArray[np.float64]


def rating_scores(
    name: str, of_validation: NDArray[np.float64], of_test: NDArray[np.float64], validation: Cutoff
) -> RatingScores:
    """Choose the threshold by which a model's scores become answers."""
    threshold = best_threshold(*rated_pairs(validation.cases, of_validation))
    return RatingScores(name, threshold, of_test)


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
    """Score by how generous the user is and how well the item is rated.

    How far both are shrunk is chosen by the AUC on validation pairs.
    """
    from sklearn.metrics import roc_auc_score

    held_out, cases = validation.cases, stale.cases
    models = [_bias_model(stale, shrinkage) for shrinkage in SHRINKAGES]
    scores = [model.predict(held_out.users, held_out.items) for model in models]
    best = int(np.argmax([roc_auc_score(*rated_pairs(held_out, tried)) for tried in scores]))
    of_test = models[best].predict(cases.users, cases.items)
    return rating_scores(BIAS_MODEL, scores[best], of_test, validation)


def has_both_classes(*cutoffs: Cutoff) -> bool:
    """Check that there are pairs of both kinds, to choose a threshold and to measure by."""
    return all(0 < int(each.cases.liked.sum()) < len(each.cases.rated()) for each in cutoffs)


def _bias_model(stale: Cutoff, shrinkage: tuple[float, float]) -> BiasModel:
    rows = stale.history.rows.rated()
    shape = (stale.history.n_users, stale.history.n_items)
    return fit_bias_model(rows.users, rows.items, rows.liked, shape, shrinkage)
