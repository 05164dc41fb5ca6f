"""Keeps this machine's copy of the events in step with EVENTS_URL, from the server's parent process."""

from __future__ import annotations

from typing import Final

from classes.publication.store_state import EVENTS_FILE, StoreStateFile
from config import Config
from processes.companion_thread import CompanionThread
from processes.followed_state import FollowedState
from storage.events.configured import open_events
from storage.events.event import EventStoreError
from storage.events.postgresql import PostgresqlEvents

POLL_S: Final = 0.5
"""Until the database is asked anyway, should a notification be lost."""

_AT_ONCE: Final = 5_000


class EventFollower(CompanionThread):
    """Copies what other machines store and forget as soon as the database tells of it.

    While the database is away, the workers go on with what is here, and the next attempt takes
    up where this one ended.
    """

    def __init__(self, config: Config) -> None:
        """Prepare the following thread, which `start` starts."""
        super().__init__("event-follower")
        self._events = open_events(config)
        self._shared = PostgresqlEvents(config.events_url)
        self._state = FollowedState(
            StoreStateFile(config.run_path, EVENTS_FILE),
            "%s",
            "the events of other machines are followed again",
        )

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

    def _run(self) -> None:
        while not self._stopping.is_set():
            try:
                self.follow()
                self._state.record(reachable=True, behind=False)
                self._shared.wait(POLL_S)
            except EventStoreError as error:
                self._state.record(reachable=False, behind=True, reason=str(error))
                self._stopping.wait(POLL_S)
        self._shared.close()
