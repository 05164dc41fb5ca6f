"""What a store needs of a place where the stores of several machines meet."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple, Protocol

from storage.events.event import Event, EventStoreError, Tombstone
from storage.events.names import NameHash


class Changes(NamedTuple):
    """What came after an event.

    Attributes:
        events: By their numbers.
        tombstones: By their numbers.
        through_seq: The number up to which these are all.
    """

    events: list[Event]
    tombstones: list[Tombstone]
    through_seq: int


class SharedEvents(Protocol):
    """The events of all machines, in the order in which they were committed."""

    def key(self) -> bytes:
        """Return the key of the names' hashes, drawn by whoever came first."""

    def append(
        self, names: NameHash, batches: Sequence[Sequence[Event]], most_events: int
    ) -> list[list[Event] | EventStoreError]:
        """Store events durably, and return, numbered, those of each batch that weren't there."""

    def forget(self, names: NameHash, user: str) -> Tombstone:
        """Remove a user's events, and remember that."""

    def sweep(self, through_seq: int) -> None:
        """Remove events up to a number."""

    def changes(self, after_seq: int, most: int) -> Changes:
        """Return what came after an event, with at most `most` events."""
