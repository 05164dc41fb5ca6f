"""The numbers of the cold-start rules."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.evaluate.cold_start_users import K
from pipeline.evaluate.evaluation import Evaluation
from recsys import metrics


def cold_start_user_numbers(evaluation: Evaluation) -> dict[str, Any]:
    """Compute the numbers of every rule, and of each window and decay on validation."""
    cold_start = evaluation.cold_start
    n_items = evaluation.timeline.n_items
    return {
        "k": K,
        "cases": len(cold_start.users),
        "users": len(np.unique(cold_start.users)),
        "validation": {
            "window_days": {str(days): value for days, value in cold_start.windows},
            "decay_days": {str(days): value for days, value in cold_start.decays},
        },
        "chosen_window_days": cold_start.window_days,
        "base_rate": {f"recall@{K}": min(K / n_items, 1.0)},
        "rules": {
            name: _of(metrics.user_means(ranks, cold_start.users, K))
            for name, ranks in cold_start.ranks.items()
        },
    }


def _of(means: metrics.UserMeans) -> dict[str, Any]:
    return {
        f"{name}@{K}": metrics.interval(values, means.users)._asdict()
        for name, values in (
            ("hit_rate", means.hit_rate),
            ("ndcg", means.ndcg),
            ("recall", means.recall),
        )
    }
