"""The items of the most recent events, counted by one process for all: a file, replaced whole."""

from __future__ import annotations

import time
from contextlib import suppress
from pathlib import Path
from typing import Final, NamedTuple

from recsys.kinds import PURCHASE, REVIEW
from storage.events.event import EventStoreError
from storage.events.store import EventStore
from storage.file_lock import try_lock
from storage.json_file import read_json, write_json
from storage.stamp import Stamp, stamp_of

MOST_ITEMS: Final = 1_000

_US_AN_HOUR: Final = 3_600_000_000


class RecentItem(NamedTuple):
    """An item, and how often it was bought or given five stars."""

    item: str
    n_events: int


class RecentItems:
    """Reads and writes the counts; may be used by any process and thread."""

    def __init__(self, folder: Path, events: EventStore, window_hours: int) -> None:
        """Name the folder, which need not exist.

        Args:
            folder: Where the counts lie.
            events: What is counted.
            window_hours: How far back.
        """
        self._path = folder / "recent_items.json"
        self._lock = folder / "recent_items.lock"
        self._events = events
        self.window_hours = window_hours

    def stamp(self) -> Stamp | None:
        """Identify the present counts by one `stat`; None where there are none."""
        return stamp_of(self._path)

    def read(self) -> tuple[RecentItem, ...]:
        """Read the counts, most events first; none where they can't be read."""
        try:
            return tuple(RecentItem(str(item), int(n)) for item, n in read_json(self._path))
        except (OSError, ValueError, TypeError):
            return ()

    def count(self, older_than_s: float) -> None:
        """Count again, unless the counts are newer or another process is counting.

        Equal counts are in the order of the names. Where the events can't be read, or the
        counts not be written, the ones before stay.
        """
        with suppress(OSError, EventStoreError), try_lock(self._lock) as lock:
            stamp = self.stamp()
            if lock is not None and (stamp is None or age_s(stamp) > older_than_s):
                write_json(self._path, self._counted())

    def _counted(self) -> list[RecentItem]:
        since_us = time.time_ns() // 1_000 - self.window_hours * _US_AN_HOUR
        counts: dict[str, int] = {}
        for found in self._events.item_counts(since_us):
            n = {PURCHASE: found.n_events, REVIEW: found.n_five_star}.get(found.kind, 0)
            counts[found.item] = counts.get(found.item, 0) + n
        ordered = sorted(counts.items(), key=lambda each: (-each[1], each[0]))
        return [RecentItem(item, n) for item, n in ordered[:MOST_ITEMS] if n]


def age_s(stamp: Stamp) -> float:
    """Tell how long ago the counts of a stamp were written."""
    return time.time() - stamp[1] / 1e9
