"""Keeps this machine in step with the store at SNAPSHOT_URL, from the server's parent process."""

from __future__ import annotations

import logging
import time
from threading import Event, Thread
from typing import Final

from classes.publication.shared import SharedPublication
from classes.publication.store_state import StoreState, StoreStateFile
from config import Config
from storage.array_folder import DamagedFolderError
from storage.remote.client import StoreError
from storage.remote.snapshots import SharedPointer
from storage.snapshot_folder import SnapshotFolder

STOP_TIMEOUT_S: Final = 5.0
DAMAGED_RETRY_S: Final = 60.0
"""Until a copy that was found damaged is fetched again, unless the pointer moves before."""

logger = logging.getLogger(__name__)


class StoreFollower:
    """Looks at the store's pointer, and fetches and publishes here what it names.

    Whatever goes wrong, the workers go on with what they have, and the next look tries again.
    """

    def __init__(self, config: Config) -> None:
        """Prepare the watching thread, which `start` starts."""
        self._config = config
        self._folder = SnapshotFolder(config.snapshot_path)
        self._file = StoreStateFile(config.run_path)
        self._state = StoreState(reachable=True, since=time.time(), behind=False)
        self._publication: SharedPublication | None = None
        self._damaged: SharedPointer | None = None
        self._retry_at = 0.0
        self._stopping = Event()
        self._thread = Thread(target=self._watch, name="store-follower", daemon=True)

    def start(self) -> None:
        """Start watching."""
        self._thread.start()

    def stop(self) -> None:
        """Stop a fetch in progress, and watching."""
        self._stopping.set()
        self._thread.join(timeout=STOP_TIMEOUT_S)

    def _watch(self) -> None:
        while True:
            self._look()
            if self._stopping.wait(self._config.snapshot_poll_s):
                return

    def _look(self) -> None:
        """Follow the store once, and record how that went."""
        behind = self._state.behind
        try:
            publication = self._open()
            shared = publication.look()
            behind = shared is not None and publication.is_behind(shared)
            if shared is None or not behind:
                self._record(reachable=True, behind=False)
            elif shared != self._damaged or time.monotonic() > self._retry_at:
                self._record(reachable=True, behind=True, reason=self._state.reason)
                self._take_over(publication, shared)
        except StoreError as error:
            self._record(reachable=False, behind=behind, reason=str(error))
        except OSError as error:
            self._record(reachable=True, behind=behind, reason=str(error))

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
            self._record(reachable=True, behind=True, reason=str(error))
            return
        self._damaged = None
        self._record(reachable=True, behind=publication.is_behind(shared))
        generation, seconds = shared.pointer.generation, time.monotonic() - started
        logger.info("followed the store to generation %s in %.1f s", generation, seconds)
        with self._folder.lock() as lock:
            if lock is not None:  # else a build is running, which may need what is here
                self._folder.remove_all_but(shared.pointer.kept)

    def _record(self, *, reachable: bool, behind: bool, reason: str = "") -> None:
        """Write the state down where it has changed, and log a new reason once."""
        before = self._state
        since = before.since if reachable == before.reachable else time.time()
        self._state = StoreState(reachable, since, behind, reason)
        if reason and reason != before.reason:
            logger.warning("%s What is here is served until then.", reason)
        elif before.reason and not reason:
            logger.info("the store is followed again")
        if self._state != before or self._file.read() is None:
            self._file.write(self._state)
