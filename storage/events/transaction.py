"""What the holder of the store's write lock may change; all of it is committed together."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Sequence

from storage.events import rows
from storage.events.event import Appended, Event, EventStoreError, Tombstone, too_many
from storage.events.names import NameHash, person_of
from storage.events.presence import Presence
from storage.events.tables import State, write_state


class Transaction:
    """Changes to events and tombstones that become visible, and durable, at once.

    Attributes:
        state: The row about the store, as it will be written.
        names: Hashes names.
    """

    def __init__(
        self, connection: sqlite3.Connection, state: State, names: NameHash, presence: Presence
    ) -> None:
        """Begin with the state that was read under the lock."""
        self.state = state
        self.names = names
        self._connection = connection
        self._presence = presence

    def append(self, events: Sequence[Event], most_events: int) -> Appended | EventStoreError:
        """Number and insert events, except those whose ids are there; none if there are too many."""
        if self.state.n_events + len(events) > most_events:
            return too_many(self.state.n_events, most_events)
        first = rows.next_seq(self.state.last_seq)
        numbered = [event._replace(seq=first + n) for n, event in enumerate(events)]
        n_taken = self.copy(numbered)
        self.state = self.state._replace(complete_seq=self.state.last_seq)
        return Appended(n_taken, len(events) - n_taken)

    def copy(self, events: Sequence[Event]) -> int:
        """Insert numbered events, and return how many weren't there."""
        if not events:
            return 0
        persons = {user: self.names.person(user) for user in {event.user for event in events}}
        for person in persons.values():
            self._presence.add(person)
        n_taken = rows.insert(self._connection, events, (persons[each.user] for each in events))
        if n_taken:
            self._count(n_taken, max(event.seq for event in events))
        return n_taken

    def forget(self, user: str) -> Tombstone:
        """Number a tombstone of a user, and put it in place of the user's events."""
        seq = rows.next_seq(self.state.last_seq)
        found = self.bury(Tombstone(self.names.of(user), seq, time.time_ns() // 1_000))
        self.state = self.state._replace(complete_seq=seq)
        return found

    def bury(self, tombstone: Tombstone) -> Tombstone:
        """Put a numbered tombstone in place of the events that came before it.

        Returns:
            The tombstone with the number of events that were removed.
        """
        person = person_of(tombstone.name_hash)
        users = [
            user
            for user in rows.names_of(self._connection, person)
            if self.names.of(user) == tombstone.name_hash
        ]
        self._presence.add(person)
        n_events = rows.bury(self._connection, tombstone, person, users)
        self._count(-n_events, tombstone.seq)
        return tombstone._replace(n_events=n_events)

    def sweep(self, through_seq: int, most: int) -> int:
        """Remove the oldest events up to a number, at most `most`, and return how many."""
        n_events = rows.sweep(self._connection, through_seq, most)
        self._count(-n_events, 0)
        return n_events

    def complete(self, through_seq: int) -> None:
        """Note that nothing up to a number is missing."""
        complete_seq = max(self.state.complete_seq, through_seq)
        self.state = self.state._replace(complete_seq=complete_seq)

    def finish(self) -> None:
        """Write the state down."""
        write_state(self._connection, self.state)

    def _count(self, n_more: int, last_seq: int) -> None:
        self.state = self.state._replace(
            n_events=self.state.n_events + n_more, last_seq=max(self.state.last_seq, last_seq)
        )
