"""The numbers by which rankings are compared: one function per metric, NumPy only.

*Ranking* metrics start from the rank, within the whole catalog, of an item that a user
chose. *Catalog* metrics look at what is recommended, whoever chose what. *Intervals* say
how far each may be off. Sums are kept in float64. Metrics of the rating task are
scikit-learn's; only the interval of an AUC over users is here.
"""

from recsys.metrics.catalog import coverage, gini, intra_list_similarity, item_shares, novelty
from recsys.metrics.intervals import (
    auc_interval,
    interval,
    interval_over_seeds,
    intervals,
    paired_difference,
    resampled_means,
)
from recsys.metrics.ranking import (
    UserMeans,
    hit_rate,
    ndcg,
    reciprocal_rank,
    target_ranks,
    user_means,
)

__all__ = [
    "UserMeans",
    "auc_interval",
    "coverage",
    "gini",
    "hit_rate",
    "interval",
    "interval_over_seeds",
    "intervals",
    "intra_list_similarity",
    "item_shares",
    "ndcg",
    "novelty",
    "paired_difference",
    "reciprocal_rank",
    "resampled_means",
    "target_ranks",
    "user_means",
]
