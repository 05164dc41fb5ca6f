"""An event as it is stored, and what can go wrong with the store."""

from __future__ import annotations

from typing import NamedTuple


class EventStoreError(OSError):
    """The store can't take or find events now; the message says why and what to do."""

    retry_after_s = 5


def too_many(n_events: int, most_events: int) -> EventStoreError:
    """Return the error for events that would be more than may be kept."""
    return EventStoreError(
        f"The store holds {n_events:,} events of at most {most_events:,} (EVENTS_BACKLOG); older "
        f"ones have to be removed first (EVENTS_KEEP_DAYS)."
    )


class Event(NamedTuple):
    """Something that a user did with an item.

    Attributes:
        user: The canonical name of the user.
        item: The name of the item, as in the catalog.
        kind: Its code, a place in `recsys.kinds.KINDS`.
        time_us: When it happened, in microseconds since 1970.
        value: The rating of a review; None for all other kinds.
        id: What the sender calls it; events of one id count once. None for no name.
        seq: Its number, higher than that of any event stored before; 0 before it is stored.
    """

    user: str
    item: str
    kind: int
    time_us: int
    value: float | None = None
    id: str | None = None
    seq: int = 0


class Appended(NamedTuple):
    """What became of events: taken, or repeated by their ids."""

    n_taken: int
    n_repeated: int


class Tombstone(NamedTuple):
    """Says that a user was forgotten, without the name.

    Attributes:
        name_hash: The keyed hash of the canonical name (`storage.events.names`).
        seq: Its number among those of events; what has a lower one isn't the user's any more.
        time_us: When the user was forgotten, in microseconds since 1970.
        n_events: Events that were removed with it.
    """

    name_hash: bytes
    seq: int
    time_us: int
    n_events: int = 0
