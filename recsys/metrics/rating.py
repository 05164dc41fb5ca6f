"""How well a score a pair tells those that were rated 5 from the others."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Labels = NDArray[np.bool_]
Scores = NDArray[np.floating]


def mid_ranks(values: Scores) -> NDArray[np.float64]:
    """Rank values (n,) ascending from 1; equal values share the mean of their ranks.

    >>> mid_ranks(np.array([10.0, 20.0, 20.0, 30.0]))
    array([1. , 2.5, 2.5, 4. ])
    """
    _, group, counts = np.unique(values, return_inverse=True, return_counts=True)
    last = np.cumsum(counts)
    return np.asarray((last - (counts - 1) / 2)[group], dtype=np.float64)


def roc_auc(labels: Labels, scores: Scores) -> float:
    """Give the probability that a positive pair is scored above a negative one; ties count half.

        AUC = (R - P (P + 1) / 2) / (P N)

    with P positives, N negatives and R the sum of the positives' ascending mid-ranks
    (Mann and Whitney 1947; Hanley and McNeil, Radiology 143, 1982).

    Returns:
        0..1, .5 for chance; NaN where one class is absent.

    >>> roc_auc(np.array([True, False, True, False]), np.array([0.9, 0.8, 0.7, 0.1]))
    0.75
    """
    n_positive = int(np.count_nonzero(labels))
    n_negative = len(labels) - n_positive
    if n_positive == 0 or n_negative == 0:
        return float("nan")
    rank_sum = float(mid_ranks(scores)[labels].sum())
    return (rank_sum - n_positive * (n_positive + 1) / 2) / (n_positive * n_negative)


def roc_curve(labels: Labels, scores: Scores) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Trace the false and true positive rates as the threshold falls, from (0, 0) to (1, 1).

    One point a distinct score, so that tied pairs enter together (Fawcett, Pattern
    Recognition Letters 27, 2006, algorithm 1).

    Returns:
        False positive rates and true positive rates, (n_points,) each; NaN where one class
        is absent.
    """
    descending = np.argsort(-scores, kind="stable")
    ordered = scores[descending]
    ends = np.append(np.flatnonzero(np.diff(ordered)), len(ordered) - 1)
    true = np.cumsum(labels[descending])[ends]
    false = ends + 1 - true
    n_positive, n_negative = int(true[-1]), int(false[-1])
    return (
        np.append(0.0, false / (n_negative or np.nan)),
        np.append(0.0, true / (n_positive or np.nan)),
    )


def best_threshold(labels: Labels, scores: Scores) -> float:
    """Choose the score from which "yes" is said so that both classes fare well.

    The threshold t maximises Youden's J = true positive rate(t) - false positive rate(t)
    for the rule `score >= t` (Youden, Cancer 3, 1950); of equal ones the highest. It is
    chosen on validation pairs, never on the pairs that are then judged.

    Raises:
        ValueError: One class is absent, so that nothing can be chosen.
    """
    false_rate, true_rate = roc_curve(labels, scores)
    gain = (true_rate - false_rate)[1:]
    if np.isnan(gain).any():
        raise ValueError(
            f"A threshold needs both classes; got {int(labels.sum())} positives of {len(labels)}."
        )
    return float(np.unique(scores)[::-1][int(np.argmax(gain))])


def accuracy(labels: Labels, said: Labels) -> float:
    """Give the share of pairs whose label was said: (TP + TN) / n."""
    return float(np.mean(labels == said))


def precision(labels: Labels, said: Labels, *, positive: bool = True) -> float:
    """Give the share of right ones among those said to be of the class: TP / (TP + FP).

    `positive` chooses the class (False: the negatives' precision); 0 where none was said.
    """
    true, claimed = labels == positive, said == positive
    return _ratio(np.count_nonzero(true & claimed), np.count_nonzero(claimed))


def recall(labels: Labels, said: Labels, *, positive: bool = True) -> float:
    """Give the share of the class that was found: TP / (TP + FN); 0 where the class is absent."""
    true, claimed = labels == positive, said == positive
    return _ratio(np.count_nonzero(true & claimed), np.count_nonzero(true))


def f1(labels: Labels, said: Labels, *, positive: bool = True) -> float:
    """Give the harmonic mean of precision and recall: 2 TP / (2 TP + FP + FN); 0 where undefined.

    (van Rijsbergen, Information Retrieval, 1979, as 1 - E with equal weights.)
    """
    true, claimed = labels == positive, said == positive
    both = np.count_nonzero(true & claimed)
    return _ratio(2 * both, np.count_nonzero(true) + np.count_nonzero(claimed))


def _ratio(part: int | np.signedinteger, whole: int | np.signedinteger) -> float:
    return float(part / whole) if whole else 0.0
