"""For whom and for what a model is good: NDCG@10 on parts of the cases."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.cutoff import Cutoff
from pipeline.evaluate.models import Asked
from recsys import metrics
from recsys.cold_start import price_bands

K: Final = 10
LENGTHS: Final = (("1", 1, 1), ("2 to 4", 2, 4), ("5 to 9", 5, 9), ("10 or more", 10, 10**9))
PRICE_NAMES: Final = {0: "low", 1: "middle", 2: "high", -1: "unknown"}


def slice_numbers(asked: Asked, prices: NDArray[np.float64]) -> dict[str, Any]:
    """Judge every model on each slice that has cases.

    Within a slice only its cases are looked at; the lists are those of the whole.
    """
    numbers: dict[str, Any] = {}
    for group, name, mask in slices(asked.cutoff, prices):
        if mask.any():
            numbers.setdefault(group, {})[name] = _of(asked, mask)
    return numbers


def slices(
    cutoff: Cutoff, prices: NDArray[np.float64]
) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """Cut the cases by items in the user's history, by the item's own, and by its price.

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


def _of(asked: Asked, mask: NDArray[np.bool_]) -> dict[str, Any]:
    users = asked.cutoff.cases.users[mask]
    values = [metrics.user_means(judged.ranks[mask], users, K).ndcg for judged in asked.judged]
    means = metrics.resampled_means(np.stack(values, axis=1), np.unique(users))
    low, high = np.quantile(means, (0.025, 0.975), axis=0)
    return {
        "cases": int(mask.sum()),
        "users": len(np.unique(users)),
        f"ndcg@{K}": {
            judged.name: {
                "value": float(values[place].mean()),
                "low": float(low[place]),
                "high": float(high[place]),
            }
            for place, judged in enumerate(asked.judged)
        },
    }
