"""Removes old events, from the server's parent process."""

from __future__ import annotations

import logging
import time
from typing import Final

from config import Config
from processes.companion_thread import CompanionThread
from storage.events.configured import open_events
from storage.events.event import EventStoreError

INTERVAL_S: Final = 3_600.0
_US_A_DAY: Final = 86_400_000_000

logger = logging.getLogger(__name__)


class EventKeeper(CompanionThread):
    """Removes the events that came more than EVENTS_KEEP_DAYS ago, every hour."""

    def __init__(self, config: Config) -> None:
        """Prepare the thread, which `start` starts."""
        super().__init__("event-keeper")
        self._events = open_events(config)
        self._keep_us = config.events_keep_days * _US_A_DAY

    def sweep(self) -> int:
        """Remove old events once, and return how many; none where they can't be removed."""
        try:
            if not self._events.n_events:
                return 0
            n_removed = self._events.sweep(time.time_ns() // 1_000 - self._keep_us)
        except EventStoreError as error:
            logger.warning("old events stay: %s", error)
            return 0
        if n_removed:
            logger.info("removed %d old events", n_removed)
        return n_removed

    def _run(self) -> None:
        while not self._stopping.is_set():
            self.sweep()
            self._stopping.wait(INTERVAL_S)
