"""Keeps this machine's copy of the events in step with EVENTS_URL, from the server's parent process."""

from __future__ import annotations

import logging
import time
from threading import Event, Thread
from typing import Final

from classes.publication.store_state import EVENTS_FILE, StoreState, StoreStateFile
from config import Config
from storage.events.configured import open_events
from storage.events.event import EventStoreError
from storage.events.postgresql import PostgresqlEvents

STOP_TIMEOUT_S: Final = 5.0
POLL_S: Final = 0.5
"""Until the database is asked anyway, should a notification be lost."""

_AT_ONCE: Final = 5_000

logger = logging.getLogger(__name__)


class EventFollower:
    """Copies what other machines store and forget as soon as the database tells of it.

    While the database is away, the workers go on with what is here, and the next attempt takes
    up where this one ended.
    """

    def __init__(self, config: Config) -> None:
        """Prepare the following thread, which `start` starts."""
        self._events = open_events(config)
        self._shared = PostgresqlEvents(config.events_url)
        self._file = StoreStateFile(config.run_path, EVENTS_FILE)
        self._state = StoreState(reachable=True, since=time.time(), behind=False)
        self._stopping = Event()
        self._thread = Thread(target=self._watch, name="event-follower", daemon=True)

    def start(self) -> None:
        """Start following."""
        self._thread.start()

    def stop(self) -> None:
        """Stop following."""
        self._stopping.set()
        self._thread.join(timeout=STOP_TIMEOUT_S)

    def follow(self) -> None:
        """Copy everything that is new.

        Raises:
            EventStoreError: The database can't be used, or the copy can't be written.
        """
        seq, more = self._events.last_seq, True
        while more and not self._stopping.is_set():
            changes = self._shared.changes(seq, _AT_ONCE)
            if changes.through_seq > seq:
                self._events.take_over(changes)
            more, seq = len(changes.events) == _AT_ONCE, changes.through_seq

    def _watch(self) -> None:
        while not self._stopping.is_set():
            try:
                self.follow()
                self._record(reachable=True)
                self._shared.wait(POLL_S)
            except EventStoreError as error:
                self._record(reachable=False, reason=str(error))
                self._stopping.wait(POLL_S)
        self._shared.close()

    def _record(self, *, reachable: bool, reason: str = "") -> None:
        """Write the state down where it has changed, and log a new reason once."""
        before = self._state
        since = before.since if reachable == before.reachable else time.time()
        self._state = StoreState(reachable, since, not reachable, reason)
        if reason and reason != before.reason:
            logger.warning("%s", reason)
        elif before.reason and not reason:
            logger.info("the events of other machines are followed again")
        if self._state != before or self._file.read() is None:
            self._file.write(self._state)
