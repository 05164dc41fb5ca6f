"""What `diversity` costs in quality, and what it gains in variety."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.cutoff import Cutoff
from pipeline.evaluate.results.ranking import MAIN, SHOWN, variety
from pipeline.evaluate.varied_lists import LIST_LENGTH, VariedLists
from recsys import metrics
from recsys.arrays import ItemRows


def diversity_numbers(lists: VariedLists, cutoff: Cutoff) -> dict[str, Any]:
    """Compute NDCG@10 and the variety of the first five, by diversity as "0", "0.25" and so on.

    Besides, the change of NDCG@10 from the first diversity, on the same draws of users.
    """
    gains = {each: _ndcg(shown, cutoff) for each, shown in lists.items()}
    numbers = {}
    for each, shown in lists.items():
        values = {MAIN: gains[each], f"{MAIN}_change": gains[each] - next(iter(gains.values()))}
        numbers[f"{each:g}"] = {
            **{
                name: found._asdict()
                for name, found in metrics.intervals(values, cutoff.users).items()
            },
            **variety(shown[:, :SHOWN], cutoff),
        }
    return numbers


def _ndcg(lists: ItemRows, cutoff: Cutoff) -> NDArray[np.float64]:
    """Compute NDCG@10 of each user, users ascending; what isn't in a list has no rank."""
    cases = cutoff.cases
    is_target = lists[np.searchsorted(cutoff.users, cases.users)] == cases.items[:, None]
    ranks = np.where(is_target.any(axis=1), is_target.argmax(axis=1) + 1.0, np.inf)
    return metrics.user_means(ranks, cases.users, LIST_LENGTH).ndcg
