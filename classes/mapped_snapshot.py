"""The snapshot that this process has mapped: replaced when another one is published."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from threading import Lock
from typing import Final

from classes.errors import NoSnapshotError
from classes.live.recent_popularity import RecentPopularity
from classes.live.users import UserEvents
from classes.rules.snapshot_rules import RuleSource
from classes.service_counters import ListSource
from classes.snapshot import Snapshot
from classes.top_lists import TopLists
from storage.snapshot_folder import SnapshotFolder
from storage.stamp import Stamp

OPEN_ATTEMPTS: Final = 5
RETRY_INTERVAL_S: Final = 2.0

logger = logging.getLogger(__name__)


class MappedSnapshot:
    """Follows the pointer, one instance per process; may be called from any thread."""

    def __init__(
        self,
        folder: SnapshotFolder,
        count_list: Callable[[ListSource], None],
        rules: RuleSource,
        events: UserEvents,
        recent: RecentPopularity | None,
    ) -> None:
        """Remember where generations lie; nothing is opened yet."""
        self._folder = folder
        self._count_list = count_list
        self._rules = rules
        self._events = events
        self._recent = recent
        self._opening = Lock()
        self._held: tuple[Stamp, Snapshot] | None = None
        self._retry_at = 0.0
        self._warning = ""

    def current(self) -> Snapshot:
        """Return the published snapshot; costs one `stat` while it stays the same.

        Where nothing published can be opened, because it was removed for example, the
        snapshot that this process has mapped stays in service.

        Raises:
            NoSnapshotError: Nothing can be opened, and this process has mapped nothing yet.
        """
        stamp = self._folder.pointer.stamp()
        held = self._held
        if held is not None and held[0] == stamp:
            return held[1]
        with self._opening:
            if self._held is not None and time.monotonic() < self._retry_at:
                return self._held[1]
            try:
                return self._open()
            except NoSnapshotError as error:
                if self._held is None:
                    raise
                return self._keep(self._held[1], str(error))

    def published(self) -> Snapshot:
        """Return the published snapshot, never an earlier one.

        Raises:
            NoSnapshotError: It can't be opened.
        """
        with self._opening:
            return self._open()

    def _open(self) -> Snapshot:
        """Open what the pointer names, again if a reload replaces it meanwhile."""
        reason: Exception | None = None
        for _ in range(OPEN_ATTEMPTS):
            stamp, pointer = self._folder.pointer.stamp(), self._folder.pointer.read()
            if stamp is None or pointer is None:
                break
            if self._held is not None and self._held[0] == stamp:
                return self._held[1]
            try:
                snapshot = Snapshot.open(
                    self._folder.generation(pointer.generation),
                    self._top_lists(pointer.generation),
                    self._count_list,
                    self._rules,
                    self._events,
                    self._recent,
                )
            except (OSError, ValueError, KeyError) as error:
                reason = error
                continue
            if self._folder.pointer.stamp() == stamp:
                self._held, self._warning = (stamp, snapshot), ""
                return snapshot
        raise NoSnapshotError(
            f"No snapshot can be opened in {self._folder.root} ({reason or 'none is published'}). "
            f"POST /reload builds one from the artifact files."
        )

    def _keep(self, snapshot: Snapshot, warning: str) -> Snapshot:
        """Continue with a snapshot until it is time to look again; the reason is logged once."""
        if warning != self._warning:
            logger.warning("%s Generation %s is served until then.", warning, snapshot.generation)
        self._warning = warning
        self._retry_at = time.monotonic() + RETRY_INTERVAL_S
        return snapshot

    def _top_lists(self, generation: str) -> TopLists | None:
        """Open the lists computed ahead; without them all lists are made on demand."""
        try:
            return TopLists.open(self._folder.top_lists(generation))
        except (OSError, ValueError) as error:
            logger.warning("the top lists of %s can't be opened: %s", generation, error)
            return None
