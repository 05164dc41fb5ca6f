"""The JSON Schemas of shelves and of found items."""

from __future__ import annotations

from typing import Final

from api.contract.parameter import Schema
from api.contract.schemas import (
    COUNT,
    ITEM,
    N_CANDIDATES,
    NAME,
    NAMES,
    RANK,
    REASON,
    list_of,
    may_lack,
    or_null,
    record,
    reference,
)

_DAY: Final[Schema] = {"type": "string", "format": "date"}

SHELF_SCHEMAS: Final[dict[str, Schema]] = {
    "FoundItem": record(**ITEM, n_ratings=COUNT, rank=RANK),
    "FoundItems": record(query=NAME, items=list_of(reference("FoundItem"))),
    "ShelfItem": may_lack(
        record(
            **ITEM,
            rise={
                "type": "number",
                "minimum": 1,
                "description": "How much its share of the reviews has risen. Trending items only.",
            },
            first_day={**_DAY, "description": "Of its first review. New items only."},
            count={**COUNT, "description": "Its reviews, or its five-star ratings."},
            count_before={**COUNT, "description": "Before the window. Trending items only."},
            rank=RANK,
        ),
        *("rise", "first_day", "count_before"),
    ),
    "Shelf": may_lack(
        record(
            items=list_of(reference("ShelfItem")),
            window_days=or_null({"type": "integer", "minimum": 1}, "Null for all days."),
            newest_day={**_DAY, "description": "Of the newest review, the last one that counts."},
            n_candidates=N_CANDIDATES,
            reason=REASON,
        ),
        "reason",
    ),
    "CompanionItem": record(**ITEM, similarity={"type": "number", "minimum": 0}, rank=RANK),
    "BoughtTogether": may_lack(
        record(
            items=list_of(reference("CompanionItem")),
            n_candidates=N_CANDIDATES,
            reason=REASON,
            unknown_items={
                **NAMES,
                "description": "Items of the cart that aren't in the catalog; absent if none are.",
            },
        ),
        *("reason", "unknown_items"),
    ),
}
