"""NDCG@10 on slices of the cases: by length of the history, by item and by price."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.cutoff import Cutoff
from pipeline.evaluate.models import Comparison
from recsys import metrics
from recsys.cold_start import price_bands

K: Final = 10
LENGTHS: Final = (("1", 1, 1), ("2 to 4", 2, 4), ("5 to 9", 5, 9), ("10 or more", 10, 10**9))
PRICE_NAMES: Final = {0: "low", 1: "middle", 2: "high", -1: "unknown"}


def slice_numbers(comparison: Comparison, prices: NDArray[np.float64]) -> dict[str, Any]:
    """Compute NDCG@10 of every model on each slice that has cases.

    Within a slice only its cases count; ranks are those in the whole catalog.
    """
    numbers: dict[str, Any] = {}
    for group, name, mask in slices(comparison.cutoff, prices):
        if mask.any():
            numbers.setdefault(group, {})[name] = _of(comparison, mask)
    return numbers


def slices(
    cutoff: Cutoff, prices: NDArray[np.float64]
) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """Slice the cases by the length of the user's history, by whether the item has one, and by price.

    Yields:
        The kind of slice, its name, and the mask (n_cases,) of its cases.
    """
    for name, least, most in LENGTHS:
        yield "items_of_user", name, (cutoff.lengths >= least) & (cutoff.lengths <= most)
    yield "item", "with history", cutoff.warm
    yield "item", "without history", ~cutoff.warm
    bands = price_bands(prices)[cutoff.cases.items]
    for band, name in PRICE_NAMES.items():
        yield "price", name, bands == band


def _of(comparison: Comparison, mask: NDArray[np.bool_]) -> dict[str, Any]:
    users = comparison.cutoff.cases.users[mask]
    values = {
        answers.name: metrics.user_means(answers.ranks[mask], users, K).ndcg
        for answers in comparison.models
    }
    found = metrics.intervals(values, np.unique(users))
    return {
        "cases": int(mask.sum()),
        "users": len(np.unique(users)),
        f"ndcg@{K}": {name: of_model._asdict() for name, of_model in found.items()},
    }
