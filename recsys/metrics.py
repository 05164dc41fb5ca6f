"""The numbers by which models are compared: one function a metric, NumPy only.

Two families. *Rating* metrics judge one score a pair against a yes-or-no label.
*Ranking* metrics judge the rank that a full catalogue gives to the one item that a
user chose next. Sums are kept in float64.
"""

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


def target_rank(scores: Scores, target: int) -> float:
    """Rank of one item in a catalogue's scores (n_items,), 1 the best, ties by mid-rank.

        rank = 1 + |{j : s_j > s_t}| + |{j != t : s_j = s_t}| / 2

    Items left out have the score -inf. Mid-ranks keep a model that scores all alike at
    the middle of the catalogue, whatever the order of the items (McSherry and Najork,
    ECIR 2008).

    >>> target_rank(np.array([0.3, 0.9, 0.3, 0.1]), target=0)
    2.5
    """
    own = scores[target]
    above = np.count_nonzero(scores > own)
    tied = np.count_nonzero(scores == own) - 1
    return float(1.0 + above + tied / 2)


def hit_rate(ranks: Scores, k: int) -> NDArray[np.float64]:
    """Say of each case (n,) whether its item came within the first k: 1 if rank <= k, else 0.

    With one item sought a case this is Recall@k too. The mean is HitRate@k.
    """
    return np.asarray(ranks <= k, dtype=np.float64)


def ndcg(ranks: Scores, k: int) -> NDArray[np.float64]:
    """Weigh each hit (n,) by its place: 1 / log2(rank + 1) if rank <= k, else 0.

    With one item sought a case the ideal gain is 1. The mean is NDCG@k (Järvelin and
    Kekäläinen, TOIS 20, 2002).
    """
    return np.where(ranks <= k, 1.0 / np.log2(np.asarray(ranks, dtype=np.float64) + 1.0), 0.0)


def bootstrap_interval(
    values: Scores, users: NDArray[np.integer], n_samples: int = 1_000, seed: int = 0
) -> tuple[float, float]:
    """Give the 95 % interval of the mean of values (n,) when users are drawn anew.

    Whole users are drawn with replacement, because the cases of one user are alike
    (percentile interval of the cluster bootstrap; Efron and Tibshirani, 1993, chapter 13).

    Args:
        values: (n,) one value a case.
        users: (n,) the user of each case, as any integer.
        n_samples: Draws.
        seed: Chooses the draws.

    Returns:
        The 2.5th and the 97.5th percentile; NaN twice where there is no case.
    """
    if len(values) == 0:
        return float("nan"), float("nan")
    _, group = np.unique(users, return_inverse=True)
    sums, counts = np.bincount(group, weights=values), np.bincount(group)
    random = np.random.default_rng(seed)
    means = np.empty(n_samples)
    for draw in range(n_samples):
        chosen = random.integers(0, len(sums), len(sums))
        means[draw] = sums[chosen].sum() / counts[chosen].sum()
    low, high = np.quantile(means, (0.025, 0.975))
    return float(low), float(high)


def auc_interval(
    labels: Labels,
    scores: Scores,
    users: NDArray[np.integer],
    n_samples: int = 1_000,
    seed: int = 0,
) -> tuple[float, float]:
    """Give the 95 % interval of the AUC of pairs (n,) when users are drawn anew.

    As `bootstrap_interval`; a pair counts as often as its user was drawn. Draws without
    both classes are left out.

    Returns:
        The 2.5th and the 97.5th percentile; NaN twice where one class is absent.
    """
    if labels.all() or not labels.any():
        return float("nan"), float("nan")
    _, group = np.unique(scores, return_inverse=True)
    _, user = np.unique(users, return_inverse=True)
    n_groups, n_users = int(group.max()) + 1, int(user.max()) + 1
    random = np.random.default_rng(seed)
    values = np.full(n_samples, np.nan)
    for draw in range(n_samples):
        weights = np.bincount(random.integers(0, n_users, n_users), minlength=n_users)[user]
        positive = np.bincount(group, weights * labels, n_groups)
        negative = np.bincount(group, weights * ~labels, n_groups)
        below = np.cumsum(negative) - negative
        pairs = positive.sum() * negative.sum()
        if pairs:
            values[draw] = positive @ (below + negative / 2) / pairs
    low, high = np.nanquantile(values, (0.025, 0.975))
    return float(low), float(high)


def _ratio(part: int | np.signedinteger, whole: int | np.signedinteger) -> float:
    return float(part / whole) if whole else 0.0
