"""Keeps the generation in service on disk, from the server's parent process."""

from __future__ import annotations

import logging
from typing import Final

from classes.errors import ReloadBusyError, ServiceError
from config import Config
from processes.companion_thread import CompanionThread
from processes.start_build import open_store
from storage.snapshot_folder import SnapshotFolder

POLL_INTERVAL_S: Final = 1.0

logger = logging.getLogger(__name__)


class SnapshotKeeper(CompanionThread):
    """Rebuilds what somebody removed of the generation in service, once each time.

    Workers continue with what they have mapped, but a new worker needs the files.
    """

    def __init__(self, config: Config) -> None:
        """Prepare the watching thread, which `start` starts."""
        super().__init__("snapshot-keeper")
        self._folder = SnapshotFolder(config.snapshot_path)
        self._store = open_store(config, stopping=self._stopping)

    def _run(self) -> None:
        tried = False
        while not self._stopping.wait(POLL_INTERVAL_S):
            missing = self._missing()
            if missing and not tried:
                tried = self._restore(missing)
            elif not missing:
                tried = False

    def _missing(self) -> str:
        """Return the path of what is gone: the pointer, a file it leads to, or the top lists."""
        pointer = self._folder.pointer.read()
        if pointer is None:
            return "current"
        lists = self._folder.top_lists(pointer.generation)
        lost_lists = "" if lists.is_dir() else str(lists.relative_to(self._folder.root))
        return self._folder.missing(pointer.generation) or lost_lists

    def _restore(self, missing: str) -> bool:
        """Return whether it was tried; not while a reload, which may bring it back, is running."""
        path = self._folder.root / missing
        try:
            self._store.restore(logger.info)
        except ReloadBusyError:
            return False
        except (ServiceError, OSError) as error:
            logger.error("%s is missing, and was not brought back: %s", path, error)  # noqa: TRY400
        else:
            logger.warning("%s was missing, and is back", path)
        return True
