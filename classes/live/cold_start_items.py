"""The items for unknown users: in the order of the data, recent events before it."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any, NamedTuple, cast

import numpy as np

from classes.live.recent_popularity import RecentPopularity
from recsys.arrays import ItemRows
from storage.events.recent_items import RecentItem
from storage.name_table import Arrays


class _Order(NamedTuple):
    items: Sequence[RecentItem]  # the same object until other items are recent
    rows: ItemRows
    counts: Mapping[int, int]


class ColdStartItems:
    """The cold-start list of one snapshot; may be used from any thread."""

    def __init__(
        self,
        arrays: Arrays,
        item_row: Callable[[str], int | None],
        recent: RecentPopularity | None = None,
    ) -> None:
        """Take the arrays of the data, which `artifact_arrays` made.

        Args:
            arrays: All of them.
            item_row: Finds an item by its name.
            recent: What is being bought now; without it the order never changes.
        """
        self._arrays = arrays
        self._item_row = item_row
        self._recent = recent
        self._order = _Order((), cast(ItemRows, arrays["cold_start_items"]), {})

    @property
    def order(self) -> ItemRows:
        """Every item row once, (n_items,) int32: the same array until the order changes."""
        return self._current().rows

    def reasons(self, item_row: int) -> dict[str, Any]:
        """Tell why an item has its place: counts and place."""
        order = self._current()
        place = int(np.flatnonzero(order.rows == item_row)[0]) + 1
        reasons = {
            "n_five_star": int(self._arrays["cold_start_counts"][item_row]),
            "window_days": int(self._arrays["cold_start_window_days"][0]),
            "place": place,
            "moved_up": item_row == int(self._arrays["cold_start_moved_up"][0]),
        }
        if self._recent is not None and item_row in order.counts:
            reasons["n_recent"] = order.counts[item_row]
            reasons["window_hours"] = self._recent.window_hours
        return reasons

    def _current(self) -> _Order:
        order = self._order
        if self._recent is not None:
            items = self._recent.current().items
            if items is not order.items:
                order = self._order = self._ordered(items)
        return order

    def _ordered(self, items: Sequence[RecentItem]) -> _Order:
        """Put recent items before the others."""
        found = ((self._item_row(each.item), each.n_events) for each in items)
        counts = {row: n for row, n in found if row is not None}
        order = cast(ItemRows, self._arrays["cold_start_items"])
        first = np.fromiter(counts, dtype=np.int32, count=len(counts))
        rest = order[~np.isin(order, first)]
        return _Order(items, np.concatenate([first, rest]), counts)
