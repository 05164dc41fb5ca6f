"""Finds, opens and replaces the snapshot in service, for this process and all others.

Layout of the folder:

    current                  the pointer (storage/pointer.py)
    lock                     held while a generation is built or rolled back
    generations/<hash>/      inputs/ data/ model/ manifest.json, never changed once there
    top_lists/<hash>/        lists computed ahead for that generation (classes/top_lists.py)
    building-*/              a generation in the making; debris of a killed build goes next time
"""

from __future__ import annotations

import fcntl
import logging
import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from threading import Lock
from typing import Protocol

from classes.errors import (
    NoSnapshotError,
    NothingToRollBackError,
    ReloadBusyError,
    ReloadConflictError,
    ReloadRefusedError,
    ServiceError,
)
from classes.service_counters import ServiceCounters
from classes.snapshot import DATA, MODEL, Snapshot
from classes.top_lists import FOLDER as TOP_LISTS
from classes.top_lists import TopLists
from config import Config
from storage.array_folder import DamagedFolderError, read_manifest, verify
from storage.pointer import Pointer, PointerFile, Stamp
from storage.sources import source_fingerprint

logger = logging.getLogger(__name__)

OPEN_ATTEMPTS = 5

_OUTCOMES = {
    ReloadBusyError: "busy",
    ReloadRefusedError: "refused",
    ReloadConflictError: "conflict",
    NothingToRollBackError: "nothing",
}
"""How a reload ended, for the counters; whatever isn't listed has failed."""


class Build(Protocol):
    """Builds a generation, as `processes.start_build.run_builder` does."""

    def __call__(
        self,
        config: Config,
        lock: int,
        *,
        data: bool,
        model: bool,
        announce: Callable[[str], None],
        publish: bool = True,
    ) -> None:
        """Build it under the held lock; publish it, unless told not to."""


class SnapshotStore:
    """The door to the published generations.

    One instance a process; every method may be called from any thread.

    Attributes:
        counters: Of what is done with the snapshots, and of the requests for it.
    """

    def __init__(
        self, config: Config, counters: ServiceCounters | None = None, *, build: Build
    ) -> None:
        """Remember where generations lie; nothing is opened yet.

        Args:
            config: The settings.
            counters: Of what is done with the snapshots; of this process alone by default.
            build: Builds and publishes generations.
        """
        self.counters = counters or ServiceCounters()
        self._build = build
        self._config = config
        self._root = config.snapshot_path
        self._pointer = PointerFile(self._root / "current")
        self._opening = Lock()
        self._held: tuple[Stamp, Snapshot] | None = None

    def current(self) -> Snapshot:
        """Return the published snapshot; costs one `stat` while it stays the same.

        Raises:
            NoSnapshotError: Nothing is published, or what is published can't be opened.
        """
        stamp = self._pointer.stamp()
        held = self._held
        if held is not None and held[0] == stamp:
            return held[1]
        with self._opening:
            return self._open()

    def ensure(self, announce: Callable[[str], None]) -> None:
        """Have a sound snapshot published that holds today's artifact files.

        Files that can't be loaded don't stop a service that has something to serve.

        Args:
            announce: Told what is happening, in sentences for a terminal.

        Raises:
            ServiceError: There is no sound snapshot and none can be built.
        """
        published = self._sound_pointer(announce)
        sources = source_fingerprint(self._config)
        if published is not None and published.sources == sources:
            self._mend_top_lists(published.generation)
            announce(f"Serving the published snapshot {published.generation}.")
            return
        try:
            with self._locked() as lock:
                self._build(self._config, lock, data=True, model=True, announce=announce)
        except ServiceError as error:
            if published is None:
                raise
            announce(f"Keeping the published snapshot {published.generation}: {error}")

    def reload(self, *, data: bool, model: bool) -> Snapshot:
        """Build and publish a generation from the files, and return it.

        What isn't reloaded comes from the generation in service, even where its file
        has changed since.

        Raises:
            ReloadBusyError: Another reload is running.
            ReloadRefusedError: A file is missing, unreadable or invalid.
            ReloadConflictError: Data and model don't fit each other.
            ReloadFailedError: Out of disk space or time, or the build was killed.
        """
        parts = (("data", data), ("model", model))
        with self._counted("_and_".join(name for name, wanted in parts if wanted)):
            with self._locked() as lock:
                self._build(self._config, lock, data=data, model=model, announce=logger.info)
            return self.current()

    def rehearse(self, config: Config, announce: Callable[[str], None]) -> None:
        """Build and check a generation from other folders' files, without serving it.

        Raises:
            ServiceError: As `reload` does.
        """
        with self._locked() as lock:
            self._build(config, lock, data=True, model=True, announce=announce, publish=False)

    def rollback(self) -> Snapshot:
        """Go back to the generation that was in service before this one.

        Raises:
            ReloadBusyError: A reload is running.
            NothingToRollBackError: No earlier generation is kept, or it is damaged.
        """
        with self._counted("rollback"), self._locked():
            pointer = self._pointer.read()
            if pointer is None or not pointer.history:
                raise NothingToRollBackError(
                    "There is no earlier generation to roll back to; reload good files instead."
                )
            earlier, *older = pointer.history
            self._refuse_damaged(earlier)
            self._pointer.replace(Pointer(earlier, tuple(older), pointer.sources))
            logger.info("rolled back from %s to %s", pointer.generation, earlier)
        return self.current()

    def _open(self) -> Snapshot:
        """Open what the pointer names now; a reload may replace it meanwhile, so try again."""
        reason: Exception | None = None
        for _ in range(OPEN_ATTEMPTS):
            stamp, pointer = self._pointer.stamp(), self._pointer.read()
            if stamp is None or pointer is None:
                break
            if self._held is not None and self._held[0] == stamp:
                return self._held[1]
            try:
                snapshot = Snapshot.open(
                    self._root / "generations" / pointer.generation,
                    self._top_lists(pointer.generation),
                    self.counters.count_user,
                )
            except (OSError, ValueError, KeyError) as error:
                reason = error
                continue
            if self._pointer.stamp() == stamp:
                self._held = (stamp, snapshot)
                return snapshot
        raise NoSnapshotError(
            f"No snapshot can be opened in {self._root} ({reason or 'none is published'}). "
            f"POST /reload builds one from the artifact files."
        )

    def _top_lists(self, generation: str) -> TopLists | None:
        """Open the lists computed ahead; without them every user is scored on demand."""
        try:
            return TopLists.open(self._root / TOP_LISTS / generation)
        except (OSError, ValueError) as error:
            logger.warning("the top lists of %s can't be opened: %s", generation, error)
            return None

    def _mend_top_lists(self, generation: str) -> None:
        """Begin the top lists anew where a crash has left them missing or broken."""
        about = read_manifest(self._root / "generations" / generation)
        TopLists.create(self._root / TOP_LISTS / generation, about["n_users"])

    def _refuse_damaged(self, generation: str) -> None:
        """Check a generation that hasn't been looked at for a while, before anybody needs it."""
        try:
            self._verify(generation)
        except DamagedFolderError as error:
            raise NothingToRollBackError(
                f"The earlier generation {generation} is damaged: {error} "
                f"Put good files in place and reload them instead."
            ) from error

    def _verify(self, generation: str) -> None:
        folder = self._root / "generations" / generation
        verify(folder)
        verify(folder / DATA)
        verify(folder / MODEL)

    def _sound_pointer(self, announce: Callable[[str], None]) -> Pointer | None:
        """Read the pointer, and check the bytes it leads to against their checksums."""
        pointer = self._pointer.read()
        if pointer is None:
            return None
        try:
            self._verify(pointer.generation)
        except DamagedFolderError as error:
            announce(f"The published snapshot {pointer.generation} is damaged: {error}")
            return None
        return pointer

    @contextmanager
    def _counted(self, what: str) -> Iterator[None]:
        """Count a reload or rollback by how it ends."""
        try:
            yield
        except ServiceError as error:
            self.counters.count_reload(what, _OUTCOMES.get(type(error), "failed"))
            raise
        self.counters.count_reload(what, "done")

    @contextmanager
    def _locked(self) -> Iterator[int]:
        """Hold the one lock on building; the similarity frees it if this process dies."""
        self._root.mkdir(parents=True, exist_ok=True)
        handle = os.open(self._root / "lock", os.O_RDWR | os.O_CREAT, 0o644)
        try:
            try:
                fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
            except BlockingIOError:
                raise ReloadBusyError(
                    "Another reload is running; one runs at a time. Try again in a few seconds."
                ) from None
            yield handle
        finally:
            os.close(handle)
