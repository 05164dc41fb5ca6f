"""NDCG@10 on slices of the cases: by length of the history, and by history, price and category of the item."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.evaluate.cutoff import Cutoff
from pipeline.evaluate.models import Comparison
from pipeline.evaluate.timeline import Timeline
from recsys import metrics
from recsys.arrays import Names
from recsys.cold_start import price_bands

K: Final = 10
LENGTHS: Final = (("1", 1, 1), ("2 to 4", 2, 4), ("5 to 9", 5, 9), ("10 or more", 10, 10**9))
PRICE_NAMES: Final = {0: "low", 1: "middle", 2: "high", -1: "unknown"}
MOST_CATEGORIES: Final = 8
"""Categories with a slice of their own, those of the most cases; the rest share one."""


def slice_numbers(comparison: Comparison, timeline: Timeline) -> dict[str, Any]:
    """Compute NDCG@10 of every model on each slice that has cases.

    Within a slice only its cases count; ranks are those in the whole catalog.
    """
    numbers: dict[str, Any] = {}
    for group, name, mask in slices(comparison.cutoff, timeline):
        if mask.any():
            numbers.setdefault(group, {})[name] = _of(comparison, mask)
    return numbers


def slices(cutoff: Cutoff, timeline: Timeline) -> Iterator[tuple[str, str, NDArray[np.bool_]]]:
    """Slice the cases by length of the user's history, and by history, price and category of the item.

    Yields:
        The kind of slice, its name, and the mask (n_cases,) of its cases.
    """
    for name, least, most in LENGTHS:
        yield "items_of_user", name, (cutoff.lengths >= least) & (cutoff.lengths <= most)
    yield "item", "with history", cutoff.warm
    yield "item", "without history", ~cutoff.warm
    bands = price_bands(timeline.prices)[cutoff.cases.items]
    for band, name in PRICE_NAMES.items():
        yield "price", name, bands == band
    categories = timeline.categories[cutoff.cases.items]
    for name, mask in _by_category(categories):
        yield "category", name, mask


def _by_category(categories: Names) -> Iterator[tuple[str, NDArray[np.bool_]]]:
    """Slice by category (n_cases,), "" where unknown; nothing where all are unknown."""
    counts = Counter(name for name in categories if name)
    by_size = sorted(counts, key=lambda name: (-counts[name], name))
    largest, others = by_size[:MOST_CATEGORIES], by_size[MOST_CATEGORIES:]
    for name in largest:
        yield name, categories == name
    if counts:
        yield f"{len(others):,} others", np.isin(categories, np.array(others, dtype=object))
        yield "no category", categories == ""


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
