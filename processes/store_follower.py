"""Keeps this machine in step with the store at SNAPSHOT_URL, from the server's parent process."""

from __future__ import annotations

import logging
import time
from typing import Final

from classes.publication.shared import SharedPublication
from classes.publication.store_state import StoreStateFile
from config import Config
from processes.companion_thread import CompanionThread
from processes.followed_state import FollowedState
from storage.array_folder import DamagedFolderError
from storage.remote.client import StoreError
from storage.remote.snapshots import SharedPointer
from storage.snapshot_folder import SnapshotFolder

DAMAGED_RETRY_S: Final = 60.0
"""Until a copy that was found damaged is fetched again, unless the pointer moves before."""

logger = logging.getLogger(__name__)


class StoreFollower(CompanionThread):
    """Looks at the store's pointer, and fetches and publishes here what it names.

    Whatever goes wrong, the workers go on with what they have, and the next look tries again.
    """

    def __init__(self, config: Config) -> None:
        """Prepare the watching thread, which `start` starts."""
        super().__init__("store-follower")
        self._config = config
        self._folder = SnapshotFolder(config.snapshot_path)
        self._state = FollowedState(
            StoreStateFile(config.run_path),
            "%s What is here is served until then.",
            "the store is followed again",
        )
        self._publication: SharedPublication | None = None
        self._damaged: SharedPointer | None = None
        self._retry_at = 0.0

    def _run(self) -> None:
        while True:
            self._look()
            if self._stopping.wait(self._config.snapshot_poll_s):
                return

    def _look(self) -> None:
        """Follow the store once, and record how that went."""
        behind = self._state.last.behind
        try:
            publication = self._open()
            shared = publication.look()
            behind = shared is not None and publication.is_behind(shared)
            if shared is None or not behind:
                self._state.record(reachable=True, behind=False)
            elif shared != self._damaged or time.monotonic() > self._retry_at:
                self._state.record(reachable=True, behind=True, reason=self._state.last.reason)
                self._take_over(publication, shared)
        except StoreError as error:
            self._state.record(reachable=False, behind=behind, reason=str(error))
        except OSError as error:
            self._state.record(reachable=True, behind=behind, reason=str(error))

    def _open(self) -> SharedPublication:
        """Open the store once; a thread of its own may use it, which a worker may not."""
        if self._publication is None:
            config = self._config
            self._publication = SharedPublication(
                self._folder, config.snapshot_url, config.snapshot_keep_hours
            )
        return self._publication

    def _take_over(self, publication: SharedPublication, shared: SharedPointer) -> None:
        started = time.monotonic()
        try:
            publication.take_over(shared, lambda: not self._stopping.is_set())
        except DamagedFolderError as error:
            self._damaged, self._retry_at = shared, time.monotonic() + DAMAGED_RETRY_S
            self._state.record(reachable=True, behind=True, reason=str(error))
            return
        self._damaged = None
        self._state.record(reachable=True, behind=publication.is_behind(shared))
        generation, seconds = shared.pointer.generation, time.monotonic() - started
        logger.info("followed the store to generation %s in %.1f s", generation, seconds)
        with self._folder.lock() as lock:
            if lock is not None:  # else a build is running, which may need what is here
                self._folder.remove_all_but(shared.pointer.kept)
