"""Keeps the top lists of the generation in service complete, from the server's parent process."""

from __future__ import annotations

import logging
import os
import subprocess
import sys
from threading import Thread
from typing import IO

from classes.top_lists import TopLists
from config import PROJECT_ROOT, Config
from processes.companion_thread import CompanionThread
from storage.snapshot_folder import SnapshotFolder
from storage.stamp import Stamp

logger = logging.getLogger(__name__)

POLL_INTERVAL_S = 1.0


class TopListKeeper(CompanionThread):
    """Watches the pointer, and runs one low-priority process that fills missing lists.

    A reload stops the run for the old generation and starts one for the new; a run that was
    killed is restarted at the first unfinished block.
    """

    def __init__(self, config: Config) -> None:
        """Prepare the watching thread, which `start` starts."""
        super().__init__("top-list-keeper")
        self._config = config
        self._folder = SnapshotFolder(config.snapshot_path)

    def _run(self) -> None:
        failed: Stamp | None = None  # not the generation, which may be removed and built again
        while not self._stopping.is_set():
            stamp, pointer = self._folder.pointer.stamp(), self._folder.pointer.read()
            if stamp and pointer and stamp != failed and self._is_incomplete(pointer.generation):
                failed = None if self._fill(pointer.generation, stamp) else stamp
            self._stopping.wait(POLL_INTERVAL_S)

    def _is_incomplete(self, generation: str) -> bool:
        try:
            lists = TopLists.open(self._folder.top_lists(generation))
        except (OSError, ValueError):
            return False
        return lists.progress < 1.0

    def _fill(self, generation: str, published: Stamp) -> bool:
        """Run until the lists are complete, another pointer is published, or the server stops."""
        process = subprocess.Popen(
            [sys.executable, "-m", "processes.fill_top_lists", generation],
            cwd=PROJECT_ROOT,
            stdin=subprocess.DEVNULL,
            stderr=subprocess.PIPE,
            text=True,
            env=os.environ | self._config.as_environment(),
            start_new_session=True,
        )
        relay = Thread(target=_log_lines, args=(process.stderr,), daemon=True)
        relay.start()
        try:
            while process.poll() is None:
                replaced = self._folder.pointer.stamp() not in (published, None)
                if replaced or self._stopping.wait(POLL_INTERVAL_S):
                    return True
        finally:
            process.terminate()
            process.wait()
            relay.join()
        if process.returncode > 0:
            logger.error("top lists of %s can't be computed; scoring on demand", generation)
        return process.returncode <= 0


def _log_lines(lines: IO[str]) -> None:
    """Copy the lines into this process's log, which is configured."""
    with lines:
        for line in lines:
            logger.info(line.rstrip())
