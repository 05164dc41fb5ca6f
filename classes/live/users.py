"""Finds users by name, with what they have done since the snapshot's data was read."""

from __future__ import annotations

import logging
from collections.abc import Sequence
from threading import Lock
from typing import Final, Protocol

from classes.app_data_processing import AppDataProcessor
from classes.live.found_user import FoundUser
from classes.live.live_user import LiveUser, new_interactions
from recsys.cleaning.text import normalize_name
from storage.events.event import Event, EventStoreError

logger = logging.getLogger(__name__)

_MOST_KEPT: Final = 1_000
"""Users with events who are kept ready, since somebody who does something asks for several lists."""

_MOST_EVENTS_KEPT: Final = 100
"""Of a user who is kept, so that all of them together take some 10 MB."""

_State = tuple[int | None, tuple[int, int]]
"""The user's row, and the extent of the events: what is known of a user as long as it is the same."""


class UserEvents(Protocol):
    """What `Users` asks of a store of events."""

    def may_concern(self, user: str) -> bool:
        """Return False only where there are neither events of a user nor a tombstone."""

    def of_user(self, user: str, after_seq: int) -> Sequence[Event]:
        """List the events of a user in the order of their arrival, later ones than `after_seq`."""

    def forgotten_seq(self, user: str) -> int | None:
        """Return after which event a user was forgotten; None for never."""

    def extent_of(self, user: str, after_seq: int) -> tuple[int, int]:
        """Tell by two numbers whether what `of_user` lists has changed; (0, 0) for nothing."""

    @property
    def n_forgotten(self) -> int:
        """How many users were forgotten."""


class Users:
    """The users of one snapshot, and of the events that it doesn't hold."""

    def __init__(
        self, data: AppDataProcessor, events: UserEvents | None = None, events_through: int = 0
    ) -> None:
        """Bring together users and events.

        Args:
            data: The snapshot's users and items.
            events: What users have done; nothing by default.
            events_through: The last event that is in the snapshot's data.
        """
        self._data = data
        self._events = events
        self._events_through = events_through
        self._kept: dict[str, tuple[_State, FoundUser | None]] = {}
        self._keeping = Lock()

    def find(self, name: str) -> FoundUser | None:
        """Find a user as written, else by the cleaning rule; None means unknown.

        Where events can't be read, the snapshot alone answers.
        """
        row = self._data.user_row(name)
        try:
            return self._found(name, row)
        except EventStoreError as error:
            logger.warning("a user is answered without events: %s", error)
            return None if row is None else FoundUser(self._data.user(row), row)

    def random(self, n: int) -> list[str]:
        """Draw n distinct users of the snapshot, or all of them if there are fewer."""
        if self._events is None:
            return self._data.random_users(n)
        drawn = self._data.random_users(n + self._events.n_forgotten)
        return [name for name in drawn if self.find(name) is not None][:n]

    def _found(self, name: str, row: int | None) -> FoundUser | None:
        """Find by what is known as written, then by the cleaned name, as `canonical` does."""
        known = normalize_name(name) if row is None else self._data.user(row)
        if self._events is None:
            return None if row is None else FoundUser(known, row)
        if known != name:
            found = self._with_events(self._events, name, None)
            if found is not None:
                return found
        return self._with_events(self._events, known, row)

    def _with_events(self, events: UserEvents, name: str, row: int | None) -> FoundUser | None:
        """Add the events of the user with exactly this name."""
        if not events.may_concern(name):
            return None if row is None else FoundUser(name, row)
        forgotten_seq = events.forgotten_seq(name)
        if forgotten_seq is not None and forgotten_seq > self._events_through:
            row = None
        extent = events.extent_of(name, self._events_through)
        if not extent[0]:
            return None if row is None else FoundUser(name, row)
        state, kept = (row, extent), self._kept.get(name)
        if kept is not None and kept[0] == state:
            return kept[1]
        found = self._described(events, name, row)
        if extent[0] <= _MOST_EVENTS_KEPT:
            self._keep(name, state, found)
        return found

    def _described(self, events: UserEvents, name: str, row: int | None) -> FoundUser | None:
        newer = new_interactions(self._data, events.of_user(name, self._events_through))
        if len(newer.items):
            return FoundUser(name, row, LiveUser(self._data, row, newer))
        return None if row is None else FoundUser(name, row)

    def _keep(self, name: str, state: _State, found: FoundUser | None) -> None:
        """Keep what was found; where there is no room, the user kept for longest goes."""
        with self._keeping:
            while len(self._kept) >= _MOST_KEPT:
                del self._kept[next(iter(self._kept))]
            self._kept[name] = state, found
