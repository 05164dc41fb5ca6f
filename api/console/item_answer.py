"""The answer to GET /console/item: who gets an item, and its neighbors by each similarity."""

from __future__ import annotations

from typing import Any, Final

from api.routes.item_answers import described_item
from classes.console.neighbors import neighbors
from classes.console.shown_items import ShownItems
from classes.snapshot import Snapshot

N_USERS: Final = 12
RECENT_DAYS: Final = (10, 30, 180)
"""The windows in which rankers count reviews, back from the newest review of all."""

N_NEIGHBORS: Final = 5


def item_answer(snapshot: Snapshot, item_row: int) -> dict[str, Any]:
    """Describe the place of an item among users and items."""
    data = snapshot.data
    shown = ShownItems(snapshot.recommender.top_lists, data.n_items)
    return {
        **described_item(data, item_row),
        "n_ratings": int(data.facts.n_ratings[item_row]),
        "mean_rating": data.facts.mean_rating(item_row),
        "recent": _recent(snapshot, item_row),
        "n_lists": len(shown.lists),
        "n_lists_with_item": int(shown.n_shown[item_row]),
        "places": shown.places(item_row).tolist(),
        "users": [data.user(row) for row in shown.users_of(item_row, N_USERS).tolist()],
        "neighbors": _neighbors(snapshot, item_row),
    }


def _recent(snapshot: Snapshot, item_row: int) -> list[dict[str, int]]:
    """Count the newest reviews of an item, of which its popularity is made."""
    dated = snapshot.data.shelf_facts.dated
    ages = dated.days[-1:] - dated.days[dated.items == item_row]
    return [{"days": days, "n": int((ages < days).sum())} for days in RECENT_DAYS]


def _neighbors(snapshot: Snapshot, item_row: int) -> list[dict[str, Any]]:
    affinities = snapshot.data.affinities
    if affinities is None:
        return []
    return [
        {
            "similarity": name,
            "items": [
                {**described_item(snapshot.data, int(row)), "weight": round(float(weight), 4)}
                for row, weight in zip(*ranking, strict=True)
            ],
        }
        for name, ranking in neighbors(affinities.similarities, item_row, N_NEIGHBORS)
    ]
