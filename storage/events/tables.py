"""The tables of the SQLite file, and its one row about the store itself."""

from __future__ import annotations

import secrets
import sqlite3
from typing import Final, NamedTuple

from storage.events.event import EventStoreError

FORMAT: Final = 1

_SCHEMA: Final = (
    (
        "CREATE TABLE events (seq INTEGER PRIMARY KEY, person INTEGER NOT NULL, user TEXT NOT NULL, "
        "item TEXT NOT NULL, kind INTEGER NOT NULL, time_us INTEGER NOT NULL, value REAL, id TEXT)"
    ),
    "CREATE INDEX events_of_person ON events (person)",
    "CREATE UNIQUE INDEX events_by_id ON events (id) WHERE id IS NOT NULL",
    (
        "CREATE TABLE tombstones (name_hash BLOB PRIMARY KEY, seq INTEGER NOT NULL, "
        "time_us INTEGER NOT NULL) WITHOUT ROWID"
    ),
    (
        "CREATE TABLE state (store_id BLOB NOT NULL, key_check BLOB NOT NULL, "
        "last_seq INTEGER NOT NULL, complete_seq INTEGER NOT NULL, n_events INTEGER NOT NULL)"
    ),
)


class State(NamedTuple):
    """The one row about the store itself.

    Attributes:
        store_id: 16 random bytes, drawn when the file was made.
        key_check: By which a wrong key is recognized.
        last_seq: The highest number given to an event or a tombstone here.
        complete_seq: The number up to which nothing is missing here.
        n_events: How many events there are.
    """

    store_id: bytes
    key_check: bytes
    last_seq: int
    complete_seq: int
    n_events: int


def set_up(connection: sqlite3.Connection, key_check: bytes) -> None:
    """Make the tables in an empty file."""
    connection.execute("PRAGMA journal_mode = WAL")
    connection.execute("BEGIN IMMEDIATE")
    for statement in _SCHEMA:
        connection.execute(statement)
    state = State(secrets.token_bytes(16), key_check, last_seq=0, complete_seq=0, n_events=0)
    connection.execute("INSERT INTO state VALUES (?, ?, ?, ?, ?)", state)
    connection.execute(f"PRAGMA user_version = {FORMAT}")
    connection.execute("COMMIT")


def require_format(connection: sqlite3.Connection) -> None:
    """Refuse a file of another version.

    Raises:
        EventStoreError: It has another format.
    """
    [version] = connection.execute("PRAGMA user_version").fetchone()
    if version != FORMAT:
        raise EventStoreError(
            f"The events in EVENTS_PATH have format {version}; this version of the service reads "
            f"{FORMAT}."
        )


def read_state(connection: sqlite3.Connection) -> State:
    """Read the row about the store."""
    return State(*connection.execute("SELECT * FROM state").fetchone())


def write_state(connection: sqlite3.Connection, state: State) -> None:
    """Replace what changes of the row about the store."""
    connection.execute(
        "UPDATE state SET last_seq = ?, complete_seq = ?, n_events = ?",
        (state.last_seq, state.complete_seq, state.n_events),
    )
