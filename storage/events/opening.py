"""Opens the files of the store: the key, the database, and the table of who is in it."""

from __future__ import annotations

import sqlite3
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Final, NamedTuple, TypeVar

from storage.events import rows
from storage.events.database import Database, Identity
from storage.events.event import EventStoreError
from storage.events.names import NameHash, new_key, read_key, write_key
from storage.events.presence import Presence
from storage.events.tables import State, read_state
from storage.events.transaction import Transaction
from storage.file_lock import hold_lock

_LOOK_S: Final = 1.0
"""Until it is noticed that files were removed or replaced while the service runs."""

Answer = TypeVar("Answer")

Identities = tuple[Identity, Identity]
"""What tells the database and the table from files that replace them."""


class _Opened(NamedTuple):
    """What belongs to the files that are there."""

    identity: Identities | None
    names: NameHash
    presence: Presence


class OpenStore:
    """The files of the store in one folder, opened when they are needed."""

    def __init__(self, folder: Path, draw_key: Callable[[], bytes] = new_key) -> None:
        """Name the folder, which need not exist.

        Args:
            folder: Where the files lie.
            draw_key: Called for the key when the store is made.
        """
        self.database = Database(folder)
        self._key_path = folder / "key"
        self._presence_path = folder / "presence"
        self._draw_key = draw_key
        self._read: _Opened | None = None
        self._written: _Opened | None = None
        self._looked_at = 0.0

    def table(self) -> tuple[NameHash, Presence] | None:
        """Return the table of who is in the store; None where it isn't known to be whole."""
        if self._read is None or time.monotonic() > self._looked_at + _LOOK_S:
            self._look()
        return self._read and self._read[1:]

    def ask(
        self, question: Callable[[sqlite3.Connection, NameHash], Answer], nothing: Answer
    ) -> Answer:
        """Ask the database, over this thread's connection.

        Args:
            question: Asks, and reads the answer to its end.
            nothing: The answer where nothing was ever stored.

        Raises:
            EventStoreError: There are events, and they can't be read.
        """
        with self.database.translated():
            connection = self.database.reader()
            if connection is None:
                return nothing
            opened = self._read
            names = self._names_of(read_state(connection)) if opened is None else opened.names
            return question(connection, names)

    @contextmanager
    def writing(self) -> Iterator[Transaction]:
        """Hold the write lock, and commit what the block has done; else nothing has changed.

        Raises:
            EventStoreError: The store can't be made or written, or is busy.
        """
        if self.database.identity() is None:
            self._create()
        with self.database.writing() as connection:
            state = read_state(connection)
            opened = self._for_writing(connection, state)
            transaction = Transaction(connection, state, opened.names, opened.presence)
            yield transaction
            transaction.finish()

    def rebuild_table(self) -> None:
        """Drop those from the table who have no events any more.

        Raises:
            EventStoreError: The store can't be written, or is busy.
        """
        with self.database.writing() as connection:
            opened = self._for_writing(connection, read_state(connection))
            opened.presence.rebuild(rows.persons_of(connection))

    def _create(self) -> None:
        with self.database.translated():
            folder = self.database.folder
            folder.mkdir(parents=True, exist_ok=True)
            with hold_lock(folder / "lock"):
                key = read_key(self._key_path)
                if key is None or self._draw_key is not new_key:
                    key = self._draw_key()
                    write_key(self._key_path, key)
                self.database.create(NameHash(key).check)

    def _look(self) -> None:
        """Map the table anew if the files aren't those that were opened."""
        self._looked_at = time.monotonic()
        identity = self._identity()
        if self._read is not None and self._read.identity == identity:
            return
        self._read = None
        with self.database.translated():
            connection = self.database.reader()
            if connection is None or identity is None:
                return
            state = read_state(connection)
            names = self._names_of(state)
        try:
            presence = Presence(self._presence_path, state.store_id, writable=False)
        except OSError:
            return
        if presence.is_whole:
            self._read = _Opened(identity, names, presence)

    def _for_writing(self, connection: sqlite3.Connection, state: State) -> _Opened:
        """Open the table for writing, and make it anew where it may lack somebody."""
        identity = self._identity()
        if self._written is None or self._written.identity != identity:
            presence = Presence(self._presence_path, state.store_id, writable=True)
            if not presence.is_whole:
                presence.rebuild(rows.persons_of(connection))
            opened = _Opened(self._identity(), self._names_of(state), presence)
            self._written = opened
            return opened
        return self._written

    def _identity(self) -> Identities | None:
        """Look at the files; None where one is missing."""
        database = self.database.identity()
        try:
            table = self._presence_path.stat()
        except OSError:
            return None
        return None if database is None else (database, (table.st_dev, table.st_ino))

    def _names_of(self, state: State) -> NameHash:
        key = read_key(self._key_path)
        names = None if key is None else NameHash(key)
        if names is None or names.check != state.key_check:
            fault = (
                f"is missing, the key of {self.database.path}"
                if names is None
                else f"is another key than that of {self.database.path}"
            )
            raise EventStoreError(
                f"{self._key_path} {fault}. Bring it back, or move the folder away."
            )
        return names
