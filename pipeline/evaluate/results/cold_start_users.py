"""The numbers of the cold-start rules."""

from __future__ import annotations

from typing import Any

import numpy as np

from pipeline.evaluate.cold_start_users import K
from pipeline.evaluate.evaluation import Evaluation
from recsys import metrics


def cold_start_user_numbers(evaluation: Evaluation) -> dict[str, Any]:
    """Compute the numbers of every rule, and what validation said of windows and decays."""
    judged = evaluation.cold_start_users
    n_items = evaluation.timeline.n_items
    return {
        "k": K,
        "cases": len(judged.users),
        "users": len(np.unique(judged.users)),
        "validation": {
            "window_days": {str(days): value for days, value in judged.windows},
            "decay_days": {str(days): value for days, value in judged.decays},
        },
        "chosen_window_days": judged.window_days,
        "base_rate": {f"recall@{K}": min(K / n_items, 1.0)},
        "rules": {
            name: _of(metrics.user_means(ranks, judged.users, K))
            for name, ranks in judged.ranks.items()
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
