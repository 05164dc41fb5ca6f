"""The numbers by which models are compared: one function a metric, NumPy only.

*Rating* metrics judge one score a pair against a yes-or-no label. *Ranking* metrics judge
the rank that the whole catalog leaves to an item that a user chose. *Catalog* metrics
look at what is recommended, whoever chose what. *Intervals* say how far each may be off.
Sums are kept in float64.
"""

from recsys.metrics.catalog import coverage, gini, item_shares, novelty
from recsys.metrics.intervals import (
    auc_interval,
    bootstrap_interval,
    interval,
    paired_difference,
    resampled_means,
)
from recsys.metrics.ranking import (
    UserMeans,
    hit_rate,
    ndcg,
    reciprocal_rank,
    target_rank,
    target_ranks,
    user_means,
)
from recsys.metrics.rating import (
    accuracy,
    best_threshold,
    f1,
    mid_ranks,
    precision,
    recall,
    roc_auc,
    roc_curve,
)

__all__ = [
    "UserMeans",
    "accuracy",
    "auc_interval",
    "best_threshold",
    "bootstrap_interval",
    "coverage",
    "f1",
    "gini",
    "hit_rate",
    "interval",
    "item_shares",
    "mid_ranks",
    "ndcg",
    "novelty",
    "paired_difference",
    "precision",
    "recall",
    "reciprocal_rank",
    "resampled_means",
    "roc_auc",
    "roc_curve",
    "target_rank",
    "target_ranks",
    "user_means",
]
