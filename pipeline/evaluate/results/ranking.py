"""The ranking numbers of one cutoff: quality, variety of the lists, costs and slices."""

from __future__ import annotations

from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.cutoff import Cutoff
from pipeline.evaluate.models import Comparison
from pipeline.evaluate.ranking_model import ModelAnswers
from pipeline.evaluate.results.slices import slice_numbers
from pipeline.evaluate.timeline import Timeline
from recsys import metrics
from recsys.arrays import ItemRows

PLACES: Final = (5, 10)
MAIN: Final = "ndcg@10"
SHOWN: Final = 5
"""Length of the lists whose variety is measured, as many items as the service shows."""


def ranking_numbers(comparison: Comparison, timeline: Timeline) -> dict[str, Any]:
    """Compute the numbers of every model at one cutoff.

    They are those with the catalog as it was known at the cutoff; beside them stand those with
    the whole catalog, in which there are items that nobody has reviewed yet.

    Args:
        comparison: The cutoff and the answers; the first model is the one in service.
        timeline: What items cost, and of which category they are.
    """
    return {
        **_numbers(comparison.with_known_catalog(), timeline),
        "whole_catalog": _numbers(comparison, timeline),
    }


def _numbers(comparison: Comparison, timeline: Timeline) -> dict[str, Any]:
    cutoff = comparison.cutoff
    return {
        "items": int(cutoff.catalog.sum()),
        "cases": len(cutoff.cases),
        "users": len(cutoff.users),
        "warm_cases": int(cutoff.warm.sum()),
        "base_rate": _by_chance(cutoff),
        "models": _models(comparison),
        "oracle": {"by": comparison.oracle.name, **_quality(comparison.oracle, comparison)},
        "slices": slice_numbers(comparison, timeline),
    }


def _models(comparison: Comparison) -> dict[str, Any]:
    """Compute each model's numbers, and how far the first one is ahead of it."""
    cutoff = comparison.cutoff
    return {
        answers.name: {
            **_quality(answers, comparison),
            **_by_case(answers),
            **variety(answers.lists[:, :SHOWN], cutoff),
            **_costs(answers, len(cutoff.users)),
        }
        for answers in comparison.models
    }


def _quality(answers: ModelAnswers, comparison: Comparison) -> dict[str, Any]:
    """Compute metrics with their intervals, and the lead of the model in service."""
    cutoff = comparison.cutoff
    values = _by_user(answers, cutoff)
    values["lead_of_served"] = _by_user(comparison.models[0], cutoff)[MAIN] - values[MAIN]
    found = metrics.intervals(values, cutoff.users)
    return {name: of_metric._asdict() for name, of_metric in found.items()}


def _by_user(answers: ModelAnswers, cutoff: Cutoff) -> dict[str, NDArray[np.float64]]:
    """Compute every metric for each user, users ascending."""
    values: dict[str, NDArray[np.float64]] = {}
    for k in PLACES:
        means = metrics.user_means(answers.ranks, cutoff.cases.users, k)
        values |= {
            f"ndcg@{k}": means.ndcg,
            f"hit_rate@{k}": means.hit_rate,
            f"recall@{k}": means.recall,
            "mrr": means.reciprocal_rank,
        }
    return values


def _by_case(answers: ModelAnswers) -> dict[str, float]:
    return {
        "case_ndcg@10": float(metrics.ndcg(answers.ranks, 10).mean()),
        "case_hit_rate@10": float(metrics.hit_rate(answers.ranks, 10).mean()),
    }


def variety(shown: ItemRows, cutoff: Cutoff) -> dict[str, float]:
    """Measure how varied lists are.

    Args:
        shown: (m, `SHOWN`) item rows, best first, of each user of the cutoff; -1 where fewer.
        cutoff: What was known when they were shown.
    """
    history, n_items = cutoff.history, cutoff.history.n_items
    pairs = history.pairs
    shares = metrics.item_shares(pairs.items, len(np.unique(pairs.users)), n_items)
    return {
        f"coverage@{SHOWN}": metrics.coverage(shown, n_items),
        f"novelty@{SHOWN}": metrics.novelty(shown, shares),
        f"gini@{SHOWN}": metrics.gini(shown, n_items),
        f"intra_list_similarity@{SHOWN}": metrics.intra_list_similarity(
            shown, history.item_vectors
        ),
    }


def _costs(answers: ModelAnswers, n_users: int) -> dict[str, Any]:
    return {
        "settings": dict(answers.settings),
        "fit_seconds": answers.fit_seconds,
        "ms_a_user": 1_000 * answers.seconds / n_users,
        "megabytes": answers.n_bytes / 1e6,
    }


def _by_chance(cutoff: Cutoff) -> dict[str, float]:
    """Compute the expected numbers of a random order, mean over users."""
    chosen = np.bincount(np.searchsorted(cutoff.users, cutoff.cases.users))
    left = int(cutoff.catalog.sum()) - np.diff(cutoff.seen_starts)[cutoff.users]
    chances = {}
    for k in PLACES:
        gains = np.cumsum(1.0 / np.log2(np.arange(k) + 2.0))
        ideal = gains[np.minimum(chosen, k) - 1]
        others = left - chosen
        missed = np.prod(
            [np.maximum(others - place, 0) / np.maximum(left - place, 1) for place in range(k)],
            axis=0,
        )
        chances[f"ndcg@{k}"] = float(
            np.mean(chosen / left * gains[np.minimum(left, k) - 1] / ideal)
        )
        chances[f"hit_rate@{k}"] = float(np.mean(1.0 - missed))
        chances[f"recall@{k}"] = float(np.mean(np.minimum(k / left, 1.0)))
    return chances
