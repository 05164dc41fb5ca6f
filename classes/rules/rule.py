"""One rule: what it does, to which items, when and where."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cached_property
from typing import Any, Final

HIDE: Final = "hide"
PIN: Final = "pin"
BOOST: Final = "boost"
BURY: Final = "bury"
ACTIONS: Final = (HIDE, PIN, BOOST, BURY)

LAST_PLACE: Final = 100
"""The longest list has as many items."""

LARGEST_STEP: Final = 50.0
"""Of `by`; scores are logits, which seldom lie further apart."""

MOST_ITEMS: Final = 1_000
MOST_ID_LENGTH: Final = 64
MOST_NOTE_LENGTH: Final = 1_000


@dataclass(frozen=True, kw_only=True)
class Rule:
    """A valid rule, as `classes.rules.parsing` reads it.

    The items it is about have every property that it names.

    Attributes:
        source: The rule as it was written.
        id: Its name, unique among the rules.
        action: One of `ACTIONS`.
        items: Names of items; None for any.
        category: Their category.
        brand: Their brand.
        price_min: Their lowest price in USD.
        price_max: Their highest price in USD.
        place: Where a pinned item stands, from 1.
        by: What is added to the score (logit) of a boosted item, or taken from a buried one's.
        starts_at: Seconds since 1970 from which it is active.
        ends_at: Seconds since 1970 from which it no longer is.
        scenario: The only scenario it is for; None for every request.
    """

    source: Mapping[str, Any]
    id: str
    action: str
    items: tuple[str, ...] | None = None
    category: str | None = None
    brand: str | None = None
    price_min: float | None = None
    price_max: float | None = None
    place: int = 0
    by: float = 0.0
    starts_at: float = -math.inf
    ends_at: float = math.inf
    scenario: str | None = None

    @cached_property
    def offset(self) -> float:
        """What is added to the scores of its items."""
        return -self.by if self.action == BURY else self.by

    def is_active(self, now: float) -> bool:
        """Return whether its time has come and isn't over, in seconds since 1970."""
        return self.starts_at <= now < self.ends_at

    def next_change(self, now: float) -> float:
        """Return when it begins or ends next, infinity if never."""
        return min((at for at in (self.starts_at, self.ends_at) if at > now), default=math.inf)
