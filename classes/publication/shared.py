"""Follows and moves the pointer of a store that several machines share."""

from __future__ import annotations

import logging
from collections.abc import Callable
from contextlib import AbstractContextManager
from pathlib import Path
from typing import Final

from classes.publication.local_copies import LocalCopies
from storage.array_folder import DamagedFolderError
from storage.file_lock import hold_lock
from storage.pointer import Pointer
from storage.remote.client import StoreError
from storage.remote.listing import Listing
from storage.remote.object_store import ObjectStore
from storage.remote.snapshots import RemoteSnapshots, SharedPointer
from storage.snapshot_folder import SnapshotFolder

logger = logging.getLogger(__name__)

_POINTER_LOCK: Final = "pointer.lock"
_HOUR_S: Final = 3_600


class SharedPublication:
    """Keeps a machine's generations and pointer in step with a store.

    It may be used by several processes at a time: the local pointer is replaced only while
    `pointer.lock` is held and the store's pointer is known to be the same, so that no process
    takes back what another has just published.
    """

    def __init__(self, folder: SnapshotFolder, url: str, keep_hours: int) -> None:
        """Name the machine's folder and the store; no request is sent yet.

        Raises:
            StoreError: obstore isn't installed, or the URL has an unknown option.
        """
        self._folder = folder
        self._remote = RemoteSnapshots(ObjectStore(url))
        self._copies = LocalCopies(folder, self._remote)
        self._keep_s = keep_hours * _HOUR_S
        self._seen: SharedPointer | None = None

    def look(self) -> SharedPointer | None:
        """Read the store's pointer, if it has been moved since the last look.

        Raises:
            StoreError: The store can't be reached, or its pointer makes no sense.
        """
        if self._seen is None or self._remote.has_moved(self._seen):
            self._seen = self._remote.read()
        return self._seen

    def is_behind(self, shared: SharedPointer) -> bool:
        """Return whether this machine's pointer, or a file that it leads to, isn't the store's."""
        pointer = shared.pointer
        return self._folder.pointer.read() != pointer or bool(
            self._folder.missing(pointer.generation)
        )

    def take_over(
        self,
        shared: SharedPointer,
        go_on: Callable[[], bool] = lambda: True,
        *,
        thorough: bool = False,
    ) -> None:
        """Let this machine serve what the store's pointer names.

        Args:
            shared: The store's pointer.
            go_on: Asked while files are fetched whether to.
            thorough: Whether to check the files that are here already, too.

        Raises:
            DamagedFolderError: The store's copy is incomplete or altered.
            StoreError: The store can't be reached, or `go_on` said no.
            OSError: There is no space, for example.
        """
        generation = shared.pointer.generation
        build = shared.builds[generation]
        self._copies.obtain(generation, build, go_on, thorough=thorough)
        with self._pointer_lock():
            if not self._remote.has_moved(shared) and self._folder.pointer.read() != shared.pointer:
                self._folder.pointer.replace(shared.pointer)

    def follow(self, *, thorough: bool = False) -> Pointer | None:
        """Look, and take over what is there; None where the store is empty.

        Raises:
            OSError: As `take_over` says, and `DamagedFolderError`.
        """
        shared = self.look()
        if shared is None:
            return None
        self.take_over(shared, thorough=thorough)
        return shared.pointer

    def base(self) -> Pointer | None:
        """Return what the store's pointer names, once it is on this machine.

        Where the store is empty, it is what this machine serves. A damaged copy in the store
        is no obstacle to building anew, only to keeping a part of it.

        Raises:
            StoreError: The store can't be reached.
        """
        try:
            return self.follow() or self._folder.pointer.read()
        except DamagedFolderError as error:
            logger.warning("what the store holds can't be taken over: %s", error)
            return None if self._seen is None else self._seen.pointer

    def obtain(self, generation: str) -> None:
        """Fetch a generation, if the pointer seen last names it and this machine lacks it."""
        build = None if self._seen is None else self._seen.builds.get(generation)
        if build is None:
            return
        try:
            self._copies.obtain(generation, build)
        except DamagedFolderError as error:
            logger.warning("generation %s can't be fetched: %s", generation, error)

    def publish(self, pointer: Pointer) -> None:
        """Upload the generation, and move the store's pointer, then this machine's.

        Raises:
            ObjectMovedError: Another machine has published meanwhile; nothing has changed.
            StoreError: The store can't be reached, or is full.
        """
        seen, generation = self._seen, pointer.generation
        builds = {} if seen is None else dict(seen.builds)
        is_same = seen is not None and seen.pointer.generation == generation
        files, listing = self._to_upload(generation, builds.get(generation))
        builds[generation] = self._remote.upload(generation, files, listing, anew=is_same)
        earlier = tuple(name for name in pointer.history if name in builds)
        pointer = Pointer(generation, earlier, pointer.sources)
        with self._pointer_lock():
            self._seen = self._remote.move(pointer, builds, seen)
            self._folder.pointer.replace(pointer)
        self._sweep(self._seen.builds)

    def _to_upload(self, generation: str, build: str | None) -> tuple[dict[str, Path], Listing]:
        """List the files of a generation, as the store does where it knows this build."""
        files, listing = self._copies.described(generation)
        if build is not None:
            try:
                known = self._remote.listing(generation, build)
            except DamagedFolderError:
                return files, listing
            if self._copies.are_of(generation, known) and known.keys() <= files.keys():
                return files, known
        return files, listing

    def _pointer_lock(self) -> AbstractContextManager[None]:
        return hold_lock(self._folder.root / _POINTER_LOCK)

    def _sweep(self, kept: dict[str, str]) -> None:
        """Delete old builds; a failure only leaves them there for the next time."""
        try:
            swept = self._remote.sweep(kept, self._keep_s)
        except StoreError as error:
            logger.warning("old generations stay in the store: %s", error)
        else:
            for each in swept:
                logger.info("deleted %s from the store, since it is old and not in use", each)
