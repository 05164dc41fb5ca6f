"""The SQLite file of the events: its connections, and its errors in one form.

Readers never wait for writers (write-ahead log), and see whatever was committed before they
ask. A commit is on the disk before it returns (`synchronous=FULL`). Whatever process is
killed, what it committed is there and what it hadn't committed is not.
"""

from __future__ import annotations

import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from threading import Lock, local
from typing import Final
from weakref import finalize

from storage.atomic import sync
from storage.events.event import EventStoreError
from storage.events.tables import require_format, set_up

BUSY_S: Final = 5.0
"""How long a write waits for those of other processes."""

_WRITER_CACHE_KB: Final = 4_096
_READER_CACHE_KB: Final = 256
_LARGEST_LOG_BYTES: Final = 16 << 20


Identity = tuple[int, int]
"""What tells the file from one that replaces it."""


class _Held:
    """A connection to one file, closed when nobody needs it any more."""

    def __init__(self, connection: sqlite3.Connection, identity: Identity) -> None:
        self.connection = connection
        self.identity = identity
        self.close = finalize(self, connection.close)
        self.close.atexit = False  # a connection is closed by the process that opened it


class Database:
    """One process's connections: one that writes, and one for each thread that reads."""

    def __init__(self, folder: Path) -> None:
        """Name the folder, which need not exist."""
        self.folder = folder
        self.path = folder / "events.db"
        self._lock = Lock()
        self._writer: _Held | None = None
        self._readers = local()

    def identity(self) -> Identity | None:
        """Look at the file; None where there is none."""
        try:
            found = self.path.stat()
        except OSError:
            return None
        return found.st_dev, found.st_ino

    def reader(self) -> sqlite3.Connection | None:
        """Return this thread's connection for reading; None where nothing was ever stored.

        Its statements must be read to their end at once, so that no transaction stays open.
        What it raises is to be `translated`.
        """
        identity = self.identity()
        held: _Held | None = getattr(self._readers, "held", None)
        if held is not None and held.identity == identity:
            return held.connection
        self._close_reader()
        if identity is None:
            return None
        connection = _connect(self.path, _READER_CACHE_KB)
        self._readers.held = _Held(connection, identity)
        require_format(connection)
        return connection

    def create(self, key_check: bytes) -> None:
        """Make the file, unless there is one; one process at a time may.

        Raises:
            EventStoreError: It can't be made.
        """
        with self.translated():
            if self.identity() is not None:
                return
            unfinished = self.path.with_suffix(".unfinished")
            unfinished.unlink(missing_ok=True)
            unfinished.touch(mode=0o600)
            connection = _connect(unfinished, _WRITER_CACHE_KB)
            try:
                set_up(connection, key_check)
            finally:
                connection.close()  # which moves the log into the file
            unfinished.replace(self.path)
            sync(self.folder)

    @contextmanager
    def writing(self) -> Iterator[sqlite3.Connection]:
        """Hold the write lock of all processes, and commit what the block has done.

        Whatever the block or the commit raises, nothing has changed.

        Raises:
            EventStoreError: There is no file, it can't be written, the disk is full, or other
                processes held the lock for too long.
        """
        if not self._lock.acquire(timeout=BUSY_S):
            raise EventStoreError("The events are busy: what came before takes too long.")
        try:
            with self.translated():
                connection = self._open_writer()
                connection.execute("BEGIN IMMEDIATE")
                yield connection
                connection.execute("COMMIT")
        except BaseException:
            self._close_writer()  # which takes back what was begun
            raise
        finally:
            self._lock.release()

    def empty_log(self) -> None:
        """Move what the log holds to the file, and overwrite the log with nothing.

        Raises:
            EventStoreError: It can't be written.
        """
        with self._lock, self.translated():
            self._open_writer().execute("PRAGMA wal_checkpoint(TRUNCATE)").fetchall()

    def close(self) -> None:
        """Close the connections of this thread, and the one that writes."""
        with self._lock:
            self._close_writer()
        self._close_reader()

    @contextmanager
    def translated(self) -> Iterator[None]:
        """Turn errors of SQLite and of the system into `EventStoreError`."""
        try:
            yield
        except EventStoreError:
            raise
        except (sqlite3.Error, OSError) as error:
            raise EventStoreError(
                f"The events in EVENTS_PATH can't be read or written: {error}."
            ) from error

    def _open_writer(self) -> sqlite3.Connection:
        identity = self.identity()
        if self._writer is not None and self._writer.identity == identity:
            return self._writer.connection
        self._close_writer()
        if identity is None:
            raise EventStoreError("The events in EVENTS_PATH were removed a moment ago.")
        connection = _connect(self.path, _WRITER_CACHE_KB)
        self._writer = _Held(connection, identity)
        require_format(connection)
        return connection

    def _close_writer(self) -> None:
        if self._writer is not None:
            with suppress(sqlite3.Error):
                self._writer.close()
            self._writer = None

    def _close_reader(self) -> None:
        held: _Held | None = getattr(self._readers, "held", None)
        if held is not None:
            self._readers.held = None
            held.close()


def _connect(path: Path, cache_kb: int) -> sqlite3.Connection:
    connection = sqlite3.connect(
        f"{path.as_uri()}?mode=rw",
        uri=True,
        timeout=BUSY_S,
        isolation_level=None,
        check_same_thread=False,  # the writer is handed from thread to thread, under a lock
    )
    for setting in (
        "synchronous = FULL",
        "secure_delete = ON",  # what is forgotten is gone from the file, too
        f"cache_size = -{cache_kb}",
        f"journal_size_limit = {_LARGEST_LOG_BYTES}",
    ):
        connection.execute(f"PRAGMA {setting}")
    return connection
