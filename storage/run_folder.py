"""What the processes of one running server share: when it started, and whether it is stopping."""

from __future__ import annotations

import os
import shutil
import time
from contextlib import suppress
from pathlib import Path
from typing import Final

_STARTED: Final = "started"
_DRAINING: Final = "draining"


def is_shared(folder: Path | None) -> bool:
    """Return whether processes can share files there; what lies in a read-only one is old."""
    return folder is not None and os.access(folder, os.W_OK)


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
        with suppress(FileNotFoundError):
            shutil.rmtree(self._path)
        self._path.mkdir(parents=True)
        (self._path / _STARTED).touch()

    def started_at(self) -> float:
        """Return when the server started, else when this process did, in seconds since 1970."""
        try:
            began = (self._path / _STARTED).stat().st_mtime
        except OSError:
            return self._own_start
        return began if is_shared(self._path) else self._own_start

    def drain(self) -> None:
        """Announce that the server is about to stop, which it does in any case."""
        with suppress(OSError):
            (self._path / _DRAINING).touch()

    def is_draining(self) -> bool:
        """Return whether the server is about to stop."""
        return (self._path / _DRAINING).exists() and is_shared(self._path)
