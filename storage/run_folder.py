"""What the processes of one running server share: when it started, and whether it is stopping."""

from __future__ import annotations

import shutil
import time
from pathlib import Path
from typing import Final

_STARTED: Final = "started"
_DRAINING: Final = "draining"


class RunFolder:
    """A folder that the server creates at its start; other WSGI servers have none."""

    def __init__(self, path: Path) -> None:
        """Name the folder, which need not exist."""
        self._path = path
        self._own_start = time.time()

    def begin(self) -> None:
        """Remove what an earlier run left, and record the time.

        Raises:
            OSError: The folder can't be made; then each process counts for itself.
        """
        shutil.rmtree(self._path, ignore_errors=True)
        self._path.mkdir(parents=True)
        (self._path / _STARTED).touch()

    def started_at(self) -> float:
        """Return when the server started, else when this process did, in seconds since 1970."""
        try:
            return (self._path / _STARTED).stat().st_mtime
        except FileNotFoundError:
            return self._own_start

    def drain(self) -> None:
        """Announce that the server is about to stop."""
        if self._path.is_dir():
            (self._path / _DRAINING).touch()

    def is_draining(self) -> bool:
        """Return whether the server is about to stop."""
        return (self._path / _DRAINING).exists()
