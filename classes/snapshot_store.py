"""Finds, opens and replaces the snapshot in service, for this process and all others."""

from __future__ import annotations

import logging
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager

from classes.errors import (
    NothingToRollBackError,
    ReloadBusyError,
    ReloadConflictError,
    ReloadFailedError,
    ReloadRefusedError,
    ServiceError,
)
from classes.live.recent_popularity import RecentPopularity
from classes.mapped_snapshot import MappedSnapshot
from classes.publication.programs import Build, Shared
from classes.publication.publication import LocalPublication
from classes.publication.rollback import SERVED_PARTS, roll_back
from classes.rules.store import RuleStore
from classes.service_counters import ServiceCounters
from classes.snapshot import Snapshot
from classes.top_lists import TopLists
from config import Config
from storage.array_folder import DamagedFolderError, read_manifest
from storage.events.configured import open_events
from storage.events.recent_items import RecentItems
from storage.pointer import Pointer
from storage.rules.folder import RulesFolder
from storage.snapshot_folder import SnapshotFolder
from storage.sources import source_fingerprint

logger = logging.getLogger(__name__)

_OUTCOMES = {
    ReloadBusyError: "busy",
    ReloadRefusedError: "refused",
    ReloadConflictError: "conflict",
    NothingToRollBackError: "nothing",
}
"""How a reload ended, for the counters; an error that isn't listed is a failure."""


class SnapshotStore:
    """Gives access to the published generations.

    One instance per process; every method may be called from any thread.

    Attributes:
        counters: Counts reloads, lists and requests.
        rules: What the shop says about its lists, whatever the snapshot.
        events: What users have done, whatever the snapshot.
    """

    def __init__(
        self,
        config: Config,
        counters: ServiceCounters | None = None,
        *,
        build: Build,
        shared: Shared | None = None,
    ) -> None:
        """Remember where generations lie; nothing is opened yet.

        Args:
            config: The settings.
            counters: Shared with other processes; counters of this process alone by default.
            build: Builds and publishes generations.
            shared: Follows a store that several machines share, where there is one.
        """
        self.counters = counters or ServiceCounters()
        self._build = build
        self._shared = shared
        self._config = config
        self._folder = SnapshotFolder(config.snapshot_path)
        self._pointer = self._folder.pointer
        self.rules = RuleStore(RulesFolder(self._folder.rules), shared)
        self.events = open_events(config)
        self._mapped = MappedSnapshot(
            self._folder, self.counters.count_list, self.rules, self.events, self._recent()
        )

    def _recent(self) -> RecentPopularity | None:
        hours = self._config.cold_start_window_hours
        if not hours:
            return None
        return RecentPopularity(RecentItems(self._config.run_path, self.events, hours))

    def current(self) -> Snapshot:
        """Return the published snapshot, as `MappedSnapshot.current` says."""
        return self._mapped.current()

    def ensure(self, announce: Callable[[str], None]) -> None:
        """Publish a snapshot of the present artifact files, unless that is the one in service.

        Files that can't be loaded don't stop a service that has something to serve.

        Args:
            announce: Called with sentences for a terminal about what is happening.

        Raises:
            ServiceError: There is no sound snapshot and none can be built.
        """
        if self._shared is not None and self._follow(self._shared, announce):
            return
        published = self._sound_pointer(announce)
        if published is not None and self._is_up_to_date(published):
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

    def _follow(self, shared: Shared, announce: Callable[[str], None]) -> bool:
        """Return whether there is something to serve, from the store or, if it is away, here."""
        try:
            with self._locked() as lock:
                generation = shared.follow(lock)
        except ServiceError as error:
            published = self._sound_pointer(announce)
            if published is None:
                raise
            self._mend_top_lists(published.generation)
            announce(f"Serving the snapshot {published.generation} that is here: {error}")
            return True
        if generation:
            announce(f"Serving the store's snapshot {generation}.")
        return bool(generation)

    def _is_up_to_date(self, published: Pointer) -> bool:
        """Return whether the published snapshot is known to be that of the present files."""
        is_local = self._shared is None and not self._config.remotes
        return is_local and published.sources == source_fingerprint(self._config)

    def reload(self, *, data: bool, model: bool) -> Snapshot:
        """Build and publish a generation from the files, and return it.

        What isn't reloaded comes from the generation in service, even if its file has
        changed since.

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
            return self._mapped.published()

    def rehearse(self, config: Config, announce: Callable[[str], None]) -> None:
        """Build and check a generation from other folders' files, without serving it.

        Raises:
            ServiceError: As `reload` does.
        """
        with self._locked() as lock:
            self._build(config, lock, data=True, model=True, announce=announce, publish=False)

    def rollback(self) -> Snapshot:
        """Return to the generation that was in service before this one.

        Raises:
            ReloadBusyError: A reload is running.
            NothingToRollBackError: No earlier generation is kept, or it is damaged.
            ReloadFailedError: The pointer can't be written.
        """
        with self._counted("rollback"), self._locked() as lock:
            if self._shared is not None:
                self._shared.roll_back(lock)
            else:
                self._roll_back_here()
        return self._mapped.published()

    def _roll_back_here(self) -> None:
        try:
            pointer = roll_back(self._folder, LocalPublication(self._folder))
        except OSError as error:
            raise ReloadFailedError(f"The pointer can't be written: {error}.") from error
        logger.info("rolled back to %s", pointer.generation)

    def restore(self, announce: Callable[[str], None]) -> None:
        """Bring back what was removed from the folder, unless it is there again.

        Raises:
            ServiceError: A reload is running, or nothing can be built.
        """
        with self._locked() as lock:
            if self._shared is not None and self._shared.follow(lock):
                return
            pointer = self._pointer.read()
            if pointer is not None and not self._folder.missing(pointer.generation):
                self._mend_top_lists(pointer.generation)
            else:
                self._build(self._config, lock, data=True, model=True, announce=announce)

    def _mend_top_lists(self, generation: str) -> None:
        """Start the top lists again where a crash has left them missing or broken."""
        manifest = read_manifest(self._folder.generation(generation))
        TopLists.create(self._folder.top_lists(generation), manifest["n_users"])

    def _sound_pointer(self, announce: Callable[[str], None]) -> Pointer | None:
        """Read the pointer, and verify the generation that it names."""
        pointer = self._pointer.read()
        if pointer is None:
            return None
        try:
            self._folder.verify(pointer.generation, SERVED_PARTS)
        except DamagedFolderError as error:
            announce(f"The published snapshot can't be served: {error}")
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
        """Hold the one lock on building; the kernel releases it if this process dies."""
        with ExitStack() as held:
            try:
                lock = held.enter_context(self._folder.lock())
            except OSError as error:
                raise ReloadFailedError(
                    f"Nothing can be changed, since SNAPSHOT_PATH can't be written: {error}. "
                    f"What is published is served as before."
                ) from error
            if lock is None:
                raise ReloadBusyError(
                    "Another reload is running; one runs at a time. Try again in a few seconds."
                )
            yield lock
