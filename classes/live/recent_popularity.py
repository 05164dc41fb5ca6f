"""What is being bought now, for cold-start lists to begin with."""

from __future__ import annotations

from collections.abc import Sequence
from threading import Lock, Thread
from typing import Final, NamedTuple

from storage.events.recent_items import RecentItem, RecentItems, age_s
from storage.stamp import Stamp

REFRESH_S: Final = 5.0
"""How old the counts may be."""


class RecentCounts(NamedTuple):
    """The counts that are in force: the same object until there are others."""

    stamp: Stamp | None
    items: Sequence[RecentItem]


class RecentPopularity:
    """Follows the counts; the first worker that finds them old has them made again.

    One instance a process; may be called from any thread. No request waits for a count.
    """

    def __init__(self, recent: RecentItems) -> None:
        """Take what counts; nothing is read yet."""
        self._recent = recent
        self._held = RecentCounts(None, ())
        self._counting = Lock()

    @property
    def window_hours(self) -> int:
        """How far back events count."""
        return self._recent.window_hours

    def current(self) -> RecentCounts:
        """Return the counts; costs one `stat` while they stay the same."""
        stamp = self._recent.stamp()
        if (stamp is None or age_s(stamp) > REFRESH_S) and self._counting.acquire(blocking=False):
            Thread(target=self._count, name="recent-items", daemon=True).start()
        if stamp != self._held.stamp:
            found = RecentCounts(stamp, self._recent.read())
            if found.items == self._held.items:
                found = RecentCounts(stamp, self._held.items)
            self._held = found
        return self._held

    def _count(self) -> None:
        try:
            self._recent.count(REFRESH_S)
        finally:
            self._counting.release()
