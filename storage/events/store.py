"""The store of events on this machine, which all processes read and write."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Final

import pandas as pd

from storage.events import rows
from storage.events.event import Appended, Event, EventStoreError, Tombstone
from storage.events.forgotten import ForgottenUsers
from storage.events.group_commit import GroupCommit
from storage.events.names import new_key
from storage.events.opening import OpenStore
from storage.events.shared import Changes, SharedEvents
from storage.events.tables import read_state

MOST_EVENTS: Final = 10_000_000
LARGEST_SKEW_US: Final = 300_000_000
"""How far the clock of a sender may be ahead."""

_AT_ONCE: Final = 20_000
_REMOVED_AT_ONCE: Final = 2_000


class EventStore:
    """Events of users, by user, and tombstones of users who were forgotten.

    One instance a process; every method may be called from any thread. Users go by their
    canonical names here (`classes.live.canonical`), exactly as written.
    """

    def __init__(
        self, folder: Path, most_events: int = MOST_EVENTS, shared: SharedEvents | None = None
    ) -> None:
        """Name the folder, which need not exist; nothing is opened yet.

        Args:
            folder: Where the events lie.
            most_events: How many it holds; beyond, `append` refuses.
            shared: Where the stores of several machines meet; this is then a copy of it.
        """
        self._files = OpenStore(folder, new_key if shared is None else shared.key)
        self._shared = shared
        self._most_events = most_events
        self._group: GroupCommit[Sequence[Event], Appended] = GroupCommit(self._append_all)

    def begin(self) -> None:
        """Make what is missing; after a power cut, that is the table of who is in it.

        Raises:
            EventStoreError: It can't be made.
        """
        with self._files.writing():
            pass
        self._files.database.close()

    def append(self, events: Sequence[Event]) -> Appended:
        """Store events durably, all or none; concurrent calls share one write to the disk.

        Raises:
            EventStoreError: They can't be stored now, and none of them is.
        """
        return self._group.submit(events)

    def may_concern(self, user: str) -> bool:
        """Return False only where there are neither events of a user nor a tombstone.

        Raises:
            EventStoreError: There are events, and they can't be read.
        """
        found = self._files.table()
        if found is None:
            return self._files.database.identity() is not None
        names, presence = found
        return not presence.is_empty and presence.may_hold(names.person(user))

    def of_user(self, user: str, after_seq: int = 0) -> list[Event]:
        """List a user's events in the order of their arrival, later ones than `after_seq`.

        Raises:
            EventStoreError: They can't be read.
        """
        return self._files.ask(
            lambda connection, names: rows.events_of(
                connection, user, names.person(user), after_seq
            ),
            nothing=[],
        )

    def extent_of(self, user: str, after_seq: int = 0) -> tuple[int, int]:
        """Tell the length and the last number of what `of_user` lists; raises as that does."""
        return self._files.ask(
            lambda connection, names: rows.extent_of(connection, names.person(user), after_seq),
            nothing=(0, 0),
        )

    def knows(self, user: str) -> bool:
        """Return whether there are events of a user; raises as `of_user` does."""
        return self.may_concern(user) and self.extent_of(user)[0] > 0

    def forgotten_seq(self, user: str) -> int | None:
        """Return after which event a user was forgotten; None for never.

        Raises:
            EventStoreError: It can't be read.
        """
        return self._files.ask(
            lambda connection, names: rows.buried_at(connection, names.of(user)), nothing=None
        )

    def forgotten_users(self) -> ForgottenUsers | None:
        """List the users who were forgotten, by hashes; None where nobody was.

        Raises:
            EventStoreError: They can't be read.
        """
        found = self._files.ask(
            lambda connection, names: ForgottenUsers(names, rows.burials(connection)), nothing=None
        )
        return found if found is not None and found.times_us else None

    def forget(self, user: str) -> Tombstone:
        """Remove a user's events, and remember by a hash that the user was forgotten.

        Raises:
            EventStoreError: It can't be done now, and nothing has changed.
        """
        with self._files.writing() as transaction:
            if self._shared is None:
                tombstone = transaction.forget(user)
            else:
                tombstone = transaction.bury(self._shared.forget(transaction.names, user))
        with suppress(EventStoreError):  # it is forgotten; a later checkpoint clears the log
            self._files.database.empty_log()
        return tombstone

    def sweep(self, through_seq: int) -> int:
        """Remove events up to a number, a few at a time, and return how many.

        Numbers are the microseconds since 1970 at which events came, or slightly higher.

        Raises:
            EventStoreError: It can't be written.
        """
        if self._shared is not None:
            self._shared.sweep(through_seq)
        n_removed = 0
        while True:
            with self._files.writing() as transaction:
                n_events = transaction.sweep(through_seq, _REMOVED_AT_ONCE)
            n_removed += n_events
            if n_events < _REMOVED_AT_ONCE:
                break
        if n_removed:
            self._files.rebuild_table()
        return n_removed

    def take_over(self, changes: Changes) -> None:
        """Copy what other machines have stored and forgotten.

        Raises:
            EventStoreError: It can't be written, and nothing has changed.
        """
        with self._files.writing() as transaction:
            for tombstone in changes.tombstones:
                transaction.bury(tombstone)
            transaction.copy(changes.events)
            transaction.complete(changes.through_seq)

    def since(self, seq: int, through_seq: int | None = None) -> Iterator[pd.DataFrame]:
        """Read events with higher numbers than `seq`, by their numbers, a frame at a time.

        Args:
            seq: The last event that isn't wanted.
            through_seq: The last one that is; `last_seq` by default.

        Yields:
            Frames with the columns of `Event`.

        Raises:
            EventStoreError: They can't be read.
        """
        last = self.last_seq if through_seq is None else through_seq
        while events := self._between(seq, last):
            yield pd.DataFrame(events, columns=Event._fields)
            seq = events[-1].seq

    def item_counts(self, since_us: int) -> list[rows.ItemCount]:
        """Count events by item and kind, of those from a time on.

        Raises:
            EventStoreError: They can't be read.
        """
        first = since_us - LARGEST_SKEW_US
        return self._files.ask(
            lambda each, _: rows.count_by_item(each, since_us, first), nothing=[]
        )

    @property
    def last_seq(self) -> int:
        """The number up to which nothing is missing here; 0 before the first event.

        Raises:
            EventStoreError: It can't be read.
        """
        return self._files.ask(lambda each, _: read_state(each).complete_seq, nothing=0)

    @property
    def n_forgotten(self) -> int:
        """How many users were forgotten.

        Raises:
            EventStoreError: It can't be read.
        """
        return self._files.ask(lambda each, _: rows.count_tombstones(each), nothing=0)

    @property
    def n_events(self) -> int:
        """How many events there are.

        Raises:
            EventStoreError: It can't be read.
        """
        return self._files.ask(lambda each, _: read_state(each).n_events, nothing=0)

    def _between(self, seq: int, last: int) -> list[Event]:
        return self._files.ask(
            lambda connection, _: rows.events_between(connection, seq, last, _AT_ONCE), nothing=[]
        )

    def _append_all(self, batches: Sequence[Sequence[Event]]) -> Sequence[Appended | Exception]:
        with self._files.writing() as transaction:
            if self._shared is None:
                return [transaction.append(batch, self._most_events) for batch in batches]
            # The lock is held meanwhile, so that what this machine can't store isn't shared.
            results = self._shared.append(transaction.names, batches, self._most_events)
            for taken in results:
                if not isinstance(taken, Exception):
                    transaction.copy(taken)
        return [
            taken if isinstance(taken, Exception) else Appended(len(taken), len(batch) - len(taken))
            for taken, batch in zip(results, batches, strict=True)
        ]
