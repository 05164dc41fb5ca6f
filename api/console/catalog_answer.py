"""The answer to GET /console/catalog: what is shown of the catalog, beside what is bought."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, Final

import numpy as np

from api.routes.item_answers import described_item
from classes.console.shown_items import PRICE_EDGES, Shares, ShownItems, price_bands
from classes.item_facts import NO_CATEGORY
from classes.snapshot import Snapshot

N_MOST_SHOWN: Final = 15
N_CATEGORIES: Final = 15
N_COLD_START: Final = 15


def catalog_answer(snapshot: Snapshot) -> dict[str, Any]:
    """Describe what the lists computed ahead show; takes milliseconds at 100,000 items."""
    data = snapshot.data
    shown = ShownItems(snapshot.recommender.top_lists, data.n_items)
    gini = shown.gini
    return {
        "n_items": data.n_items,
        "n_users": data.n_users,
        "n_lists": len(shown.lists),
        "n_items_shown": int(np.count_nonzero(shown.n_shown)),
        "coverage": round(shown.coverage, 6),
        "gini": None if gini is None else round(gini, 6),
        "most_shown": [
            {
                **described_item(data, int(row)),
                "n_lists": int(shown.n_shown[row]),
                "n_ratings": int(data.facts.n_ratings[row]),
            }
            for row in shown.most_shown(N_MOST_SHOWN)
        ],
        "categories": list(_categories(snapshot, shown)),
        "price_bands": list(_price_bands(snapshot, shown)),
        "cold_start": [
            {**described_item(data, int(row)), "place": place}
            for place, row in enumerate(data.cold_start.order[:N_COLD_START], 1)
        ],
    }


def _categories(snapshot: Snapshot, shown: ShownItems) -> Iterator[dict[str, Any]]:
    """Yield the categories with the most reviews or places in lists, and the rest as one."""
    facts = snapshot.data.facts
    names = facts.category_names
    if not names:
        return
    groups = np.where(facts.categories == NO_CATEGORY, len(names), facts.categories)
    shares = shown.by_group(groups, len(names) + 1, facts)
    order = np.argsort(-np.maximum(shares.shown, shares.bought)[: len(names)], kind="stable")
    for row in order[:N_CATEGORIES].tolist():
        yield {"category": names[row], **_rounded(shares, np.array([row]))}
    rest = order[N_CATEGORIES:]
    if len(rest):
        yield {"category": None, "n_categories": len(rest), **_rounded(shares, rest)}
    if shares.items[-1]:
        yield {"category": None, "n_categories": 0, **_rounded(shares, np.array([len(names)]))}


def _price_bands(snapshot: Snapshot, shown: ShownItems) -> Iterator[dict[str, Any]]:
    """Yield the price bands from the cheapest, and the items without a price last."""
    facts = snapshot.data.facts
    edges = (0.0, *PRICE_EDGES, None)
    shares = shown.by_group(price_bands(facts.prices), len(edges), facts)
    for row, (low, high) in enumerate(zip(edges, (*edges[1:], None), strict=True)):
        yield {"low": low, "high": high, **_rounded(shares, np.array([row]))}


def _rounded(shares: Shares, rows: Any) -> dict[str, float]:
    return {
        name: round(float(getattr(shares, name)[rows].sum()), 6)
        for name in ("items", "shown", "bought")
    }
