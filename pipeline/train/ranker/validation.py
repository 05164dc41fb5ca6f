"""How well a ranker predicts what users chose next, ranked among the whole catalog."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.target_ranks import CatalogScores, SeenItems, rank_targets
from pipeline.train.ranker.lists import Targets
from recsys import metrics
from recsys.arrays import BoolArray
from recsys.catalog import seen_items
from recsys.interactions import Interactions

K: Final = 10


@dataclass(frozen=True)
class ValidationMetrics:
    """How one model ranks what users chose next.

    Attributes:
        ndcg: NDCG@10, the mean over users.
        hit_rate: HitRate@10, the mean over users.
        n_users: Number of users.
        n_cases: Number of items that they chose.
    """

    ndcg: float
    hit_rate: float
    n_users: int
    n_cases: int

    def facts(self) -> dict[str, float]:
        """Round the metrics for the model card."""
        return {"ndcg@10": round(self.ndcg, 6), "hit_rate@10": round(self.hit_rate, 6)}


def validate(
    scores: CatalogScores, before: Interactions, targets: Targets, known: BoolArray
) -> ValidationMetrics:
    """Compute the metrics of a model from the ranks of `ranks_of`."""
    ranks = ranks_of(scores, before, targets, known)
    means = metrics.user_means(ranks, targets.users, K)
    return ValidationMetrics(
        float(means.ndcg.mean()), float(means.hit_rate.mean()), len(means.users), len(ranks)
    )


def ranks_of(
    scores: CatalogScores, before: Interactions, targets: Targets, known: BoolArray
) -> NDArray[np.float64]:
    """Rank each target among all known items that its user had not chosen before.

    Args:
        scores: Scores of the model.
        before: The interactions before the targets were chosen.
        targets: What users chose next.
        known: (n_items,) the items of the catalog then, all targets among them.

    Returns:
        (m,) ranks from 1, ties by mid-rank.
    """
    seen = SeenItems(*seen_items(before.users, before.items, before.n_users))
    return rank_targets(scores, targets.users, targets.items, seen, known).known_ranks


def sample_users(targets: Targets, most: int, seed: int) -> Targets:
    """Keep the targets of at most so many users, drawn at random."""
    users = np.random.default_rng(seed).permutation(np.unique(targets.users))[:most]
    kept = np.isin(targets.users, users)
    return Targets(targets.users[kept], targets.items[kept])
