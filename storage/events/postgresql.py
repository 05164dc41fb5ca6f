"""Events of several machines in a PostgreSQL database, the truth that each machine copies.

A transaction that numbers events holds the row of `recommender_event_state` until it commits,
so that numbers become visible in their order: whoever has read all up to one has missed none.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Final, LiteralString
from weakref import finalize

from storage.events import postgresql_statements as sql
from storage.events.event import Event, EventStoreError, Tombstone, too_many
from storage.events.names import NameHash, new_key
from storage.events.shared import Changes

if TYPE_CHECKING:
    from psycopg import Connection

_CONNECT_S: Final = 3
_ANSWER_MS: Final = "5000"
_REMOVED_AT_ONCE: Final = 5_000


class PostgresqlEvents:
    """The events in one database, over one connection; one thread at a time may use it."""

    def __init__(self, url: str) -> None:
        """Remember where the database is; nothing is connected yet."""
        self._url = url
        self._connection: Connection | None = None
        self._end: Callable[[], object] = lambda: None
        self._key = b""

    def key(self) -> bytes:
        """Return the key of the names' hashes, drawn by whoever came first.

        Raises:
            EventStoreError: The database can't be used.
        """
        with self._used():
            return self._key

    def append(
        self, names: NameHash, batches: Sequence[Sequence[Event]], most_events: int
    ) -> list[list[Event] | EventStoreError]:
        """Store events durably, and return, numbered, those of each batch that weren't there.

        Raises:
            EventStoreError: The database can't be used; unless the connection ended at the last
                moment, none of them is stored.
        """
        results: list[list[Event] | EventStoreError] = []
        with self._used() as connection, connection.transaction():
            self._require(names)
            for batch in batches:
                last_seq, n_events = _row(connection, sql.NUMBER, len(batch) - 1)
                if n_events + len(batch) > most_events:
                    results.append(too_many(n_events, most_events))
                    continue
                first = last_seq - len(batch) + 1
                numbered = [event._replace(seq=first + n) for n, event in enumerate(batch)]
                taken = _insert(connection, names, numbered)
                connection.execute(sql.COUNT, (len(taken),))
                results.append([event for event in numbered if event.seq in taken])
            _tell(connection)
        return results

    def forget(self, names: NameHash, user: str) -> Tombstone:
        """Remove a user's events, and remember that.

        Raises:
            EventStoreError: The database can't be used.
        """
        name_hash, time_us = names.of(user), time.time_ns() // 1_000
        with self._used() as connection, connection.transaction():
            self._require(names)
            seq, _ = _row(connection, sql.NUMBER, 0)
            removed = connection.execute(sql.FORGET, (names.person(user), user))
            connection.execute(sql.COUNT, (-removed.rowcount,))
            connection.execute(sql.BURY, (name_hash, seq, time_us))
            _tell(connection)
        return Tombstone(name_hash, seq, time_us)

    def sweep(self, through_seq: int) -> None:
        """Remove events up to a number.

        Raises:
            EventStoreError: The database can't be used.
        """
        n_removed = _REMOVED_AT_ONCE
        while n_removed == _REMOVED_AT_ONCE:
            with self._used() as connection, connection.transaction():
                n_removed = connection.execute(sql.SWEEP, (through_seq, _REMOVED_AT_ONCE)).rowcount
                connection.execute(sql.COUNT, (-n_removed,))

    def changes(self, after_seq: int, most: int) -> Changes:
        """Return what came after an event, with at most `most` events.

        Raises:
            EventStoreError: The database can't be used.
        """
        with self._used() as connection, connection.transaction():
            connection.execute("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ, READ ONLY")
            found = connection.execute(sql.EVENTS_AFTER, (after_seq, most)).fetchall()
            buried = connection.execute(sql.TOMBSTONES_AFTER, (after_seq,)).fetchall()
            [through] = _row(connection, sql.LAST_SEQ)
        events = list(map(Event._make, found))
        if len(events) == most:
            through = events[-1].seq
        return Changes(events, [Tombstone(*row) for row in buried if row[1] <= through], through)

    def wait(self, timeout_s: float) -> None:
        """Wait until somebody stores something, but not for longer than a time.

        Raises:
            EventStoreError: The database can't be used.
        """
        with self._used() as connection:
            for _ in connection.notifies(timeout=timeout_s, stop_after=1):
                return

    def close(self) -> None:
        """End the connection."""
        self._connection = None
        self._end()

    @contextmanager
    def _used(self) -> Iterator[Connection]:
        """Yield the connection, and end it where anything goes wrong."""
        if find_spec("psycopg") is None:
            raise EventStoreError(
                "EVENTS_URL needs the package psycopg, which isn't installed. Run `make "
                "setup-scale`, or `pip install 'psycopg[binary]'`."
            )
        import psycopg

        try:
            yield self._alive() or self._connect()
        except psycopg.Error as error:
            self.close()
            line = next(iter(str(error).splitlines()), type(error).__name__)
            raise EventStoreError(
                f"The database in EVENTS_URL can't be used: {line.strip(' .')}. Recommendations go on."
            ) from None
        except BaseException:
            self.close()
            raise

    def _alive(self) -> Connection | None:
        """Return the connection if it still answers; a database that was restarted ended it."""
        import psycopg

        try:
            if self._connection is not None:
                self._connection.execute("SELECT 1")
        except psycopg.Error:
            self.close()
        return self._connection

    def _connect(self) -> Connection:
        import psycopg

        connection = psycopg.connect(
            self._url, autocommit=True, connect_timeout=_CONNECT_S, tcp_user_timeout=_ANSWER_MS
        )
        try:
            connection.execute("SELECT set_config('statement_timeout', %s, false)", (_ANSWER_MS,))
            with connection.transaction():
                if _row(connection, sql.IS_THERE) == (None,):  # else no right to create is needed
                    connection.execute(sql.SCHEMA)
                    connection.execute(sql.BEGIN, (new_key(),))
            [self._key] = _row(connection, sql.NAME_KEY)
            connection.execute(sql.LISTEN)
        except BaseException:
            connection.close()
            raise
        end = finalize(self, connection.close)
        end.atexit = False  # a process that was forked would end it for this one
        self._connection, self._end = connection, end
        return connection

    def _require(self, names: NameHash) -> None:
        if names.key != self._key:
            raise EventStoreError(
                "The database in EVENTS_URL isn't the one that the copy in EVENTS_PATH was made from. "
                "Move the copy away, and it is made anew."
            )


def _row(connection: Connection, statement: LiteralString, *values: object) -> tuple[Any, ...]:
    found: tuple[Any, ...] | None = connection.execute(statement, values).fetchone()
    if found is None:
        raise EventStoreError("The database in EVENTS_URL has lost its state.")
    return found


def _insert(connection: Connection, names: NameHash, events: Sequence[Event]) -> set[int]:
    """Insert numbered events, and return the numbers of those that weren't there."""
    persons = {user: names.person(user) for user in {event.user for event in events}}
    users, items, kinds, times, values, ids, numbers = map(list, zip(*events, strict=True))
    columns = (numbers, [persons[user] for user in users], users, items, kinds, times, values, ids)
    return {seq for (seq,) in connection.execute(sql.INSERT, columns).fetchall()}


def _tell(connection: Connection) -> None:
    connection.execute(sql.TELL)
