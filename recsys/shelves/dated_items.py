"""What was reviewed on which day, by anybody: what popularity in a window is counted from."""

from __future__ import annotations

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.interactions import Interactions

NEVER: Final = np.iinfo(np.int32).max
"""The first day of an item without interactions."""


class DatedItems(NamedTuple):
    """The interactions with items of the catalog, oldest first.

    Attributes:
        items: (n,) int32 item rows.
        days: (n,) int32 whole days since 1970-01-01 UTC, ascending.
        liked: (n,) bool, whether the rating is five stars.
    """

    items: NDArray[np.int32]
    days: NDArray[np.int32]
    liked: NDArray[np.bool_]

    @property
    def newest_day(self) -> int:
        """Day of the newest interaction; windows are counted back from it, not from today."""
        return int(self.days[-1])

    def between(self, first_day: int, last_day: int) -> DatedItems:
        """Keep the interactions of some days, both ends included, as views."""
        ends = np.searchsorted(self.days, [first_day, last_day + 1])
        part = slice(*ends.tolist())
        return DatedItems(self.items[part], self.days[part], self.liked[part])

    def counts(self, n_items: int) -> NDArray[np.int64]:
        """Count the interactions of each item, (n_items,)."""
        return np.bincount(self.items, minlength=n_items)

    def counts_of_liked(self, n_items: int) -> NDArray[np.int64]:
        """Count the five-star ratings of each item, (n_items,)."""
        return np.bincount(self.items[self.liked], minlength=n_items)


def dated_items(interactions: Interactions) -> DatedItems:
    """Gather the interactions with items of the catalog, those of nobody in particular too."""
    known = interactions.items >= 0
    return DatedItems(
        interactions.items[known].astype(np.int32),
        interactions.days[known],
        interactions.liked[known],
    )


def first_days(dated: DatedItems, n_items: int) -> NDArray[np.int32]:
    """Day of the first interaction of each item, (n_items,); `NEVER` where there is none."""
    first = np.full(n_items, NEVER, dtype=np.int32)
    np.minimum.at(first, dated.items, dated.days)
    return first
