"""The statements that change and read events and tombstones, within the caller's transaction."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Iterable, Sequence
from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from storage.events.event import Event, Tombstone
from storage.events.names import person_of

_INSERT: Final = (
    "INSERT INTO events (user, item, kind, time_us, value, id, seq, person) "
    "VALUES (?, ?, ?, ?, ?, ?, ?, ?) ON CONFLICT DO NOTHING"
)
_COLUMNS: Final = "user, item, kind, time_us, value, id, seq"


class ItemCount(NamedTuple):
    """How often something was done with an item.

    Attributes:
        item: The item's name.
        kind: The code of what was done.
        n_events: How often.
        n_five_star: How often with a value of 5.
    """

    item: str
    kind: int
    n_events: int
    n_five_star: int


def next_seq(last_seq: int) -> int:
    """Choose the next number: the microseconds since 1970, unless the last one is higher.

    So no store begins below what an earlier one, since removed or restored, has given away.
    """
    return max(last_seq + 1, time.time_ns() // 1_000)


def insert(connection: sqlite3.Connection, events: Iterable[Event], persons: Iterable[int]) -> int:
    """Insert numbered events, and return how many: those whose id or number is there are left out."""
    rows = ((*event, person) for event, person in zip(events, persons, strict=True))
    return connection.executemany(_INSERT, rows).rowcount


def events_of(
    connection: sqlite3.Connection, user: str, person: int, after_seq: int
) -> list[Event]:
    """List a user's events by their numbers."""
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM events WHERE person = ? AND seq > ? AND user = ? ORDER BY seq",  # noqa: S608 - constants
        (person, after_seq, user),
    )
    return list(map(Event._make, found.fetchall()))


def extent_of(connection: sqlite3.Connection, person: int, after_seq: int) -> tuple[int, int]:
    """Count a person's events with higher numbers than `after_seq`, and tell the last number.

    Only the index is read. Whoever shares the person's number is counted, too.
    """
    found = connection.execute(
        "SELECT COUNT(*), IFNULL(MAX(seq), 0) FROM events WHERE person = ? AND seq > ?",
        (person, after_seq),
    )
    [(n_events, last_seq)] = found.fetchall()
    return n_events, last_seq


def events_between(
    connection: sqlite3.Connection, after_seq: int, through_seq: int, most: int
) -> list[Event]:
    """List events by their numbers, at most `most`."""
    found = connection.execute(
        f"SELECT {_COLUMNS} FROM events WHERE seq > ? AND seq <= ? ORDER BY seq LIMIT ?",  # noqa: S608 - constants
        (after_seq, through_seq, most),
    )
    return list(map(Event._make, found.fetchall()))


def bury(
    connection: sqlite3.Connection, tombstone: Tombstone, person: int, users: Sequence[str]
) -> int:
    """Remove the events of a person with one of these names that came before, and remember that.

    Returns:
        How many events were removed.
    """
    n_events = 0
    for user in users:
        n_events += connection.execute(
            "DELETE FROM events WHERE person = ? AND user = ? AND seq < ?",
            (person, user, tombstone.seq),
        ).rowcount
    connection.execute("INSERT OR REPLACE INTO tombstones VALUES (?, ?, ?)", tombstone[:3])
    return n_events


def sweep(connection: sqlite3.Connection, through_seq: int, most: int) -> int:
    """Remove the oldest events up to a number, at most `most`, and return how many."""
    return connection.execute(
        "DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE seq <= ? ORDER BY seq LIMIT ?)",
        (through_seq, most),
    ).rowcount


def persons_of(connection: sqlite3.Connection) -> NDArray[np.int64]:
    """List the numbers of everybody who has events or a tombstone, (n,) int64."""
    events = connection.execute("SELECT DISTINCT person FROM events")
    buried = connection.execute("SELECT name_hash FROM tombstones")
    persons = [person for (person,) in events]
    persons += [person_of(name_hash) for (name_hash,) in buried]
    return np.array(persons, dtype=np.int64)


def names_of(connection: sqlite3.Connection, person: int) -> list[str]:
    """List the names that share a person's number: almost always one."""
    found = connection.execute("SELECT DISTINCT user FROM events WHERE person = ?", (person,))
    return [name for (name,) in found.fetchall()]


def buried_at(connection: sqlite3.Connection, name_hash: bytes) -> int | None:
    """Return the number of a tombstone; None where there is none."""
    found = connection.execute("SELECT seq FROM tombstones WHERE name_hash = ?", (name_hash,))
    return next((seq for (seq,) in found.fetchall()), None)


def burials(connection: sqlite3.Connection) -> dict[bytes, int]:
    """List the times of all tombstones, in microseconds since 1970, by hash."""
    return dict(connection.execute("SELECT name_hash, time_us FROM tombstones").fetchall())


def count_tombstones(connection: sqlite3.Connection) -> int:
    """Count the users who were forgotten."""
    [n_forgotten] = connection.execute("SELECT COUNT(*) FROM tombstones").fetchone()
    return int(n_forgotten)


def count_by_item(connection: sqlite3.Connection, since_us: int, after_seq: int) -> list[ItemCount]:
    """Count events by item and kind, of those from a time on with higher numbers than `after_seq`."""
    found = connection.execute(
        "SELECT item, kind, COUNT(*), TOTAL(value = 5) FROM events "
        "WHERE seq > ? AND time_us >= ? GROUP BY item, kind",
        (after_seq, since_us),
    )
    return [ItemCount(item, kind, n, int(n_five)) for item, kind, n, n_five in found.fetchall()]
