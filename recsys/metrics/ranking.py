"""How high a ranking of the whole catalog places the items that users chose next.

Everything starts from ranks: the position of one chosen item among all items that its user
had not had before. A *case* is one such item. Case metrics (`hit_rate`, `ndcg`,
`reciprocal_rank`) treat it as the only item sought, as leave-one-out does; `user_means`
takes all cases of a user together, as evaluation libraries do.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import Scores

Values = NDArray[np.float64]


class UserMeans(NamedTuple):
    """One value per user, (n_users,) each, users ascending.

    Attributes:
        users: The users.
        hit_rate: 1 where any chosen item is among the first k.
        recall: Share of the chosen items that are.
        ndcg: DCG divided by the best DCG that this number of chosen items allows.
        reciprocal_rank: 1 divided by the best rank of a chosen item.
    """

    users: NDArray[np.integer]
    hit_rate: Values
    recall: Values
    ndcg: Values
    reciprocal_rank: Values


def target_ranks(scores: Scores, rows: NDArray[np.integer], targets: NDArray[np.integer]) -> Values:
    """Rank an item of each case by the scores of a catalog: 1 is the best, ties get the mid-rank.

        rank = 1 + |{j : s_j > s_t}| + |{j != t : s_j = s_t}| / 2

    Mid-ranks place a model that scores all items alike in the middle of the catalog, whatever
    the order of the items (McSherry and Najork, ECIR 2008).

    Args:
        scores: (m, n_items), one catalog per row; items left out have -inf.
        rows: (n,) the row of each case.
        targets: (n,) the item of each case.

    Returns:
        (n,) float64 ranks.

    Raises:
        ValueError: A score is NaN, which has no place in an order.

    >>> target_ranks(np.array([[0.3, 0.9, 0.3, 0.1]]), np.array([0, 0]), np.array([0, 1])).tolist()
    [2.5, 1.0]
    """
    missing = np.argwhere(np.isnan(scores))
    if len(missing):
        row, item = missing[0]
        raise ValueError(
            f"{len(missing):,} of {scores.size:,} scores are NaN and can't be ranked; the first is "
            f"that of item {item} in row {row}."
        )
    own = scores[rows, targets]
    above = np.empty(len(rows), dtype=np.int64)
    tied = np.empty(len(rows), dtype=np.int64)
    for case, (row, score) in enumerate(zip(rows, own, strict=True)):  # no (n, n_items) copy
        above[case] = np.count_nonzero(scores[row] > score)
        tied[case] = np.count_nonzero(scores[row] == score)
    return 1.0 + above + (tied - 1) / 2


def hit_rate(ranks: Scores, k: int) -> Values:
    """Mark each case (n,) whose item is among the first k: 1 if rank <= k, else 0.

    With one item sought per case this is Recall@k too. The mean is HitRate@k.

    Raises:
        ValueError: A rank is NaN or below 1.
    """
    return np.asarray(_checked(ranks) <= k, dtype=np.float64)


def ndcg(ranks: Scores, k: int) -> Values:
    """Weigh each hit (n,) by its rank: 1 / log2(rank + 1) if rank <= k, else 0.

    With one item sought per case the ideal gain is 1. The mean is NDCG@k (Järvelin and
    Kekäläinen, TOIS 20, 2002).

    Raises:
        ValueError: A rank is NaN or below 1.
    """
    checked = _checked(ranks)
    return np.where(checked <= k, 1.0 / np.log2(checked + 1.0), 0.0)


def reciprocal_rank(ranks: Scores) -> Values:
    """Compute 1 / rank of each case (n,). The mean is MRR (Voorhees, TREC-8, 1999).

    Raises:
        ValueError: A rank is NaN or below 1.
    """
    return 1.0 / _checked(ranks)


def user_means(ranks: Scores, users: NDArray[np.integer], k: int) -> UserMeans:
    """Compute the metrics of each user from all items that the user chose.

        HitRate@k = 1[any r <= k]        Recall@k = |{r : r <= k}| / R
        NDCG@k = Σ_{r <= k} 1 / log2(r + 1)  /  Σ_{i=1..min(R, k)} 1 / log2(i + 1)
        MRR = 1 / min r

    over the R ranks r of the user's cases. (Recall: Baeza-Yates and Ribeiro-Neto, 2011,
    chapter 4; NDCG: Järvelin and Kekäläinen, TOIS 20, 2002; MRR: Voorhees, TREC-8, 1999.)

    Args:
        ranks: (n,) ranks of the cases, each in the one ranking of its user.
        users: (n,) the user of each case.
        k: Number of first items that count.

    Raises:
        ValueError: A rank is NaN or below 1.
    """
    distinct, group, chosen = np.unique(users, return_inverse=True, return_counts=True)
    hits = np.bincount(group, weights=hit_rate(ranks, k))
    gains = np.bincount(group, weights=ndcg(ranks, k))
    best_gains = np.cumsum(1.0 / np.log2(np.arange(k) + 2.0))
    best = np.zeros(len(distinct))
    np.maximum.at(best, group, reciprocal_rank(ranks))
    ideal = best_gains[np.minimum(chosen, k) - 1]
    return UserMeans(distinct, (hits > 0).astype(np.float64), hits / chosen, gains / ideal, best)


def _checked(ranks: Scores) -> Values:
    """Refuse what is no rank: it would count as a miss, or as more than the best list gets."""
    values = np.asarray(ranks, dtype=np.float64)
    wrong = np.flatnonzero(~(values >= 1.0))
    if len(wrong):
        raise ValueError(
            f"{len(wrong):,} of {values.size:,} ranks are NaN or below 1; the first is "
            f"{values[wrong[0]]:g}, that of case {wrong[0]}."
        )
    return values
