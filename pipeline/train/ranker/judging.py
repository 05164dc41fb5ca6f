"""How well a ranker predicts: ranks over the whole catalog, what was seen left out."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.train.ranker.lists import Targets
from recsys import metrics
from recsys.catalog import seen_items
from recsys.interactions import Interactions

Scores = Callable[[NDArray[Any]], NDArray[np.floating]]
"""Scores of every item (m, n_items) for some users (m,)."""

LENGTH: Final = 10
_BLOCK_SCORES: Final = 4_000_000


def target_ranks(
    scores: Scores, before: Interactions, targets: Targets, n_users: int, n_items: int
) -> NDArray[np.float64]:
    """Rank each target among all items that its user had not chosen before.

    Args:
        scores: The model's, one row a user.
        before: What had happened.
        targets: By user, as `targets_of` gives them.
        n_users: All users.
        n_items: All items.

    Returns:
        (m,) ranks from 1, ties by mid-rank.
    """
    starts, seen = seen_items(before.users, before.items, n_users)
    users, row = np.unique(targets.users, return_inverse=True)
    ranks = np.empty(len(targets.users))
    size = max(_BLOCK_SCORES // max(n_items, 1), 1)
    for low in range(0, len(users), size):
        block = scores(users[low : low + size])
        for place, user in enumerate(users[low : low + size]):
            block[place, seen[starts[user] : starts[user + 1]]] = -np.inf
        cases = np.flatnonzero((row >= low) & (row < low + size))
        ranks[cases] = metrics.target_ranks(block, row[cases] - low, targets.items[cases])
    return ranks


def sample_users(targets: Targets, most: int, seed: int) -> Targets:
    """Keep the targets of at most so many users, drawn at random."""
    users = np.random.default_rng(seed).permutation(np.unique(targets.users))[:most]
    kept = np.isin(targets.users, users)
    return Targets(targets.users[kept], targets.items[kept])


@dataclass(frozen=True)
class Judgement:
    """How one model ranks what users chose next.

    Attributes:
        ndcg: NDCG@10, the mean over users.
        hit_rate: HitRate@10, likewise.
        n_users: Users judged by.
        n_cases: Items that they chose.
    """

    ndcg: float
    hit_rate: float
    n_users: int
    n_cases: int

    def facts(self) -> dict[str, float]:
        """What the model card tells of it."""
        return {"ndcg@10": round(self.ndcg, 6), "hit_rate@10": round(self.hit_rate, 6)}


def judge(
    scores: Scores, before: Interactions, targets: Targets, n_users: int, n_items: int
) -> Judgement:
    """Judge a model by the ranks that `target_ranks` finds."""
    ranks = target_ranks(scores, before, targets, n_users, n_items)
    means = metrics.user_means(ranks, targets.users, LENGTH)
    return Judgement(
        float(means.ndcg.mean()), float(means.hit_rate.mean()), len(means.users), len(ranks)
    )
