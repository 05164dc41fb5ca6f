"""Where a model ranks the items that users chose next, among all that they didn't have."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys import metrics
from recsys.arrays import BoolArray, ItemRows, Rows, Scores
from recsys.ranking import top_rows

CatalogScores = Callable[[Rows], Scores]
"""Users (m,) to the scores (m, n_items) by which a model ranks the catalog for them."""

BLOCK_SCORES: Final = 4_000_000
"""Scores held at once while ranking, 16 MB as float32: users are taken in blocks."""


class SeenItems(NamedTuple):
    """What each user has, as `recsys.catalog.seen_items` lists it; left out of every ranking.

    Attributes:
        starts: (n_users + 1,) int64; user u has `items[starts[u]:starts[u + 1]]`.
        items: (n,) int32 item rows.
    """

    starts: NDArray[np.int64]
    items: ItemRows


class RankedTargets(NamedTuple):
    """Answers of a model to all cases.

    Attributes:
        ranks: (n,) float64, rank of each case's item, from 1; ties get the mid-rank.
        known_ranks: (n,) float64, the same among the known items; infinite for others.
        scores: (n,) float64, score of each case's item.
        lists: (m, k) int32 item rows, best first, for each user that has a case, users
            ascending; -1 where fewer are left.
    """

    ranks: NDArray[np.float64]
    known_ranks: NDArray[np.float64]
    scores: NDArray[np.float64]
    lists: ItemRows


def rank_targets(
    catalog_scores: CatalogScores,
    users: NDArray[Any],
    items: NDArray[Any],
    seen: SeenItems,
    known: BoolArray,
    k: int = 0,
) -> RankedTargets:
    """Rank the item of each case among all that its user doesn't have.

    Args:
        catalog_scores: Finite scores of the model.
        users: (n,) the user of each case.
        items: (n,) its item, which the user doesn't have.
        seen: What each user has.
        known: (n_items,) the items that were in the catalog when the question was asked.
        k: Length of the lists of best items; 0 for none.

    Raises:
        ValueError: A score is NaN.
    """
    distinct, place_of_case = np.unique(users, return_inverse=True)
    order = np.argsort(place_of_case, kind="stable")
    ranks, known_ranks, own_scores = np.empty((3, len(users)))
    lists = np.full((len(distinct), k), -1, dtype=np.int32)
    size = max(BLOCK_SCORES // max(len(known), 1), 1)
    for first in range(0, len(distinct), size):
        block = distinct[first : first + size]
        low, high = np.searchsorted(place_of_case[order], [first, first + size])
        cases = order[low:high]
        rows = place_of_case[cases] - first
        scores = np.array(catalog_scores(block))  # a copy, to leave items out of
        own_scores[cases] = scores[rows, items[cases]]
        for row, user in enumerate(block):
            had = seen.items[seen.starts[user] : seen.starts[user + 1]]
            scores[row, had] = -np.inf
            if k:
                best = top_rows(scores[row], k, had)
                lists[first + row, : len(best)] = best
        ranks[cases] = metrics.target_ranks(scores, rows, items[cases])
        scores[:, ~known] = -np.inf
        among_known = metrics.target_ranks(scores, rows, items[cases])
        known_ranks[cases] = np.where(known[items[cases]], among_known, np.inf)
    return RankedTargets(ranks, known_ranks, own_scores, lists)
