"""The ranking numbers of one cutoff: how good, how varied, at what cost, and for whom."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.cutoff import Cutoff
from pipeline.evaluate.judging import Judged
from pipeline.evaluate.models import Asked
from pipeline.evaluate.results.slices import slice_numbers
from recsys import metrics

PLACES: Final = (5, 10)
MAIN: Final = "ndcg@10"
SHOWN: Final = 5
"""Items in the lists whose variety is looked at, as many as the service shows."""


def ranking_numbers(asked: Asked, prices: NDArray[np.float64]) -> dict[str, Any]:
    """Compute the numbers of every model at one cutoff.

    Args:
        asked: The cutoff and the answers; the first model is the one in service.
        prices: (n_items,) USD, NaN where unknown.
    """
    cutoff = asked.cutoff
    return {
        "cases": len(cutoff.cases),
        "users": len(cutoff.users),
        "warm_cases": int(cutoff.warm.sum()),
        "base_rate": _by_chance(cutoff),
        "models": _models(asked),
        "slices": slice_numbers(asked, prices),
    }


def _models(asked: Asked) -> dict[str, Any]:
    """Compute each model's numbers, and how far the first one is ahead of it."""
    cutoff, n_items = asked.cutoff, asked.cutoff.history.n_items
    pairs = cutoff.history.pairs
    shares = metrics.item_shares(pairs.items, len(np.unique(pairs.users)), n_items)
    leader = _by_user(asked.judged[0], cutoff)[MAIN]
    models = {}
    for judged in asked.judged:
        values = _by_user(judged, cutoff)
        values["lead_of_served"] = leader - values[MAIN]
        models[judged.name] = {
            **_with_intervals(values, cutoff.users),
            **_by_case(judged),
            **_variety(judged, n_items, shares),
            **_costs(judged, len(cutoff.users)),
        }
    return models


def _by_user(judged: Judged, cutoff: Cutoff) -> dict[str, NDArray[np.float64]]:
    """Give every metric's value of each user, users ascending."""
    values: dict[str, NDArray[np.float64]] = {}
    for k in PLACES:
        means = metrics.user_means(judged.ranks, cutoff.cases.users, k)
        values |= {
            f"ndcg@{k}": means.ndcg,
            f"hit_rate@{k}": means.hit_rate,
            f"recall@{k}": means.recall,
            "mrr": means.reciprocal_rank,
        }
    return values


def _by_case(judged: Judged) -> dict[str, float]:
    return {
        "case_ndcg@10": float(metrics.ndcg(judged.ranks, 10).mean()),
        "case_hit_rate@10": float(metrics.hit_rate(judged.ranks, 10).mean()),
    }


def _variety(judged: Judged, n_items: int, shares: NDArray[np.float64]) -> dict[str, float]:
    shown = judged.lists[:, :SHOWN]
    return {
        f"coverage@{SHOWN}": metrics.coverage(shown, n_items),
        f"novelty@{SHOWN}": metrics.novelty(shown, shares),
        f"gini@{SHOWN}": metrics.gini(shown, n_items),
    }


def _costs(judged: Judged, n_users: int) -> dict[str, Any]:
    return {
        "settings": dict(judged.settings),
        "fit_seconds": judged.fit_seconds,
        "ms_a_user": 1_000 * judged.seconds / n_users,
        "megabytes": judged.n_bytes / 1e6,
    }


def _by_chance(cutoff: Cutoff) -> dict[str, float]:
    """Give the expected numbers of a random order, per user."""
    chosen = np.bincount(np.searchsorted(cutoff.users, cutoff.cases.users))
    left = cutoff.history.n_items - np.diff(cutoff.seen_starts)[cutoff.users]
    chances = {}
    for k in PLACES:
        gains = np.cumsum(1.0 / np.log2(np.arange(k) + 2.0))
        ideal = gains[np.minimum(chosen, k) - 1]
        others = left - chosen
        missed = np.prod(
            [np.maximum(others - place, 0) / np.maximum(left - place, 1) for place in range(k)],
            axis=0,
        )
        chances[f"ndcg@{k}"] = float(np.mean(chosen / left * gains[-1] / ideal))
        chances[f"hit_rate@{k}"] = float(np.mean(1.0 - missed))
        chances[f"recall@{k}"] = float(np.mean(np.minimum(k / left, 1.0)))
    return chances


def _with_intervals(
    values: dict[str, NDArray[np.float64]], users: NDArray[np.int64]
) -> dict[str, Any]:
    """Give the mean of each metric over users, with its interval on draws all share."""
    means = metrics.resampled_means(np.stack(list(values.values()), axis=1), users)
    low, high = np.quantile(means, (0.025, 0.975), axis=0)
    return {
        name: {
            "value": float(of_users.mean()),
            "low": float(low[place]),
            "high": float(high[place]),
        }
        for place, (name, of_users) in enumerate(values.items())
    }
