"""Rankings made more varied: maximal marginal relevance, and at most so many of a kind."""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import BoolArray, FloatArray, IntArray, ItemRows
from recsys.ranking import Ranking

Values = NDArray[np.float64]

Search = Callable[[int, BoolArray | None, ItemRows], Ranking]
"""Finds the k best of the candidates (None for all) without the excluded rows, ascending."""

DIGITS: Final = 6
"""Decimals of a cosine; in the others processors differ, and equal texts must tie."""


def cosines(vectors: FloatArray) -> Values:
    """Compute the cosine of each pair of items, (m, m) float64.

    Nothing is known of an item whose vector is zero, so its cosines are the mean of those
    that are known, 0 without any: it is preferred to no other item, and no other to it.

    Args:
        vectors: (m, d) float32.

    >>> cosines(np.array([[1, 0], [3, 4], [0, 0]], dtype=np.float32)).tolist()
    [[1.0, 0.6, 0.6], [0.6, 1.0, 0.6], [0.6, 0.6, 0.6]]
    """
    lengths = np.linalg.norm(vectors.astype(np.float64), axis=1, keepdims=True)
    unit = np.divide(vectors, lengths, out=np.zeros(vectors.shape), where=lengths > 0)
    found: Values = np.round(unit @ unit.T, DIGITS)
    unknown = lengths[:, 0] == 0
    if unknown.any():
        n = len(vectors) - int(unknown.sum())
        mean = (found.sum() - n) / (n * (n - 1)) if n > 1 else 0.0
        found[unknown], found[:, unknown] = (np.round(mean, DIGITS),) * 2
    return found


def relevance(scores: FloatArray) -> Values:
    """Bring the scores of one list to 0 to 1, (m,) float64; all 0 where they are equal.

        (s - min s) / (max s - min s)

    Scores are logits, which have another range for each user; what is added to all of them
    changes nothing.
    """
    values = scores.astype(np.float64)
    low, high = values.min(), values.max()
    return (values - low) / (high - low) if high > low else np.zeros(len(values))


def marginal_order(relevances: Values, similarities: Values, diversity: float, k: int) -> IntArray:
    """Choose k items one after the other by maximal marginal relevance.

        next = argmax_i  (1 - diversity) relevance_i - diversity max_{j chosen} similarity_ij

    (Carbonell and Goldstein, SIGIR 1998, with lambda = 1 - diversity.) The first one is the
    most relevant; equal values go to the item that comes first.

    Args:
        relevances: (m,), 0 to 1.
        similarities: (m, m), at most 1.
        diversity: 0 to 1.
        k: At most m.

    Returns:
        (k,) places among the m.
    """
    order = np.empty(k, dtype=np.intp)
    gains, penalties = (1.0 - diversity) * relevances, diversity * similarities
    chosen = int(np.argmax(relevances))
    nearest = penalties[chosen].copy()
    for place in range(k):
        order[place] = chosen
        gains[chosen] = -np.inf
        np.maximum(nearest, penalties[chosen], out=nearest)
        chosen = int(np.argmax(gains - nearest))
    return order


def within_limit(kinds: IntArray, most: int) -> BoolArray:
    """Mark the first items of each kind, as many as are allowed, (m,); all of no kind (below 0).

    >>> within_limit(np.array([2, 0, 2, -1, 2, -1]), most=2).tolist()
    [True, True, True, True, False, True]
    """
    order = np.argsort(kinds, kind="stable")
    grouped = kinds[order]
    allowed = np.empty(len(kinds), dtype=np.bool_)
    allowed[order] = np.arange(len(kinds)) - np.searchsorted(grouped, grouped) < most
    return allowed | (kinds < 0)


def limited(
    ranking: Ranking,
    k: int,
    kinds: IntArray,
    most: int,
    search: Search,
    candidates: BoolArray | None,
    excluded: ItemRows,
) -> Ranking:
    """Rank the k best items of which at most so many are of one kind.

    Where the first items aren't enough, the kinds that are full leave the candidates, and
    the best of the rest are searched for: twice as many as are missing, then four times, and so on.

    Args:
        ranking: The first items of the whole ranking.
        k: How many; fewer come back only where fewer can be had.
        kinds: (n_items,) kind of each item, -1 for none.
        most: How many of one kind, at least 1.
        search: Continues the ranking.
        candidates: (n_items,) what may be ranked; None for all.
        excluded: Rows that may not, ascending.
    """
    factor, is_all = 1, False
    kept = _kept(ranking, kinds, most)
    while len(kept.rows) < k and not is_all:
        factor *= 2
        asked = factor * (k - len(kept.rows))
        open_rows = _of_open_kinds(kinds, kept.rows, most)
        mask = open_rows if candidates is None else open_rows & candidates
        more = search(asked, mask, np.union1d(excluded, kept.rows))
        is_all = len(more.rows) < asked
        kept = _kept(_joined(kept, more), kinds, most)
    return Ranking(kept.rows[:k], kept.scores[:k])


def _kept(ranking: Ranking, kinds: IntArray, most: int) -> Ranking:
    allowed = within_limit(kinds[ranking.rows], most)
    return Ranking(ranking.rows[allowed], ranking.scores[allowed])


def _joined(first: Ranking, then: Ranking) -> Ranking:
    rows, scores = zip(first, then, strict=True)
    return Ranking(np.concatenate(rows), np.concatenate(scores))


def _of_open_kinds(kinds: IntArray, rows: ItemRows, most: int) -> BoolArray:
    """Mark the items (n_items,) of whose kind more may follow after some rows."""
    full = np.zeros(int(kinds.max()) + 2, dtype=np.bool_)  # the last, -1, stays open
    numbers, counts = np.unique(kinds[rows], return_counts=True)
    full[numbers[counts >= most]] = True
    full[-1] = False
    return ~full[kinds]
