"""A table of whole numbers that worker processes map into memory and change in turn."""

from __future__ import annotations

import fcntl
import mmap
import os
from pathlib import Path
from threading import Lock
from weakref import finalize

from storage.mapped_file import map_in_full


class SharedTable:
    """Numbers of 64 bits, zero at first; `with table:` keeps everybody else away.

    Attributes:
        values: The numbers by position, to be read and changed only inside `with`.
    """

    def __init__(self, n_values: int, path: Path | None) -> None:
        """Join the table in a file, or make one for this process alone where there is none.

        Raises:
            OSError: The file can't be made in full.
        """
        self._lock = Lock()
        self._file = None
        if path is None:
            table = mmap.mmap(-1, 8 * n_values)
        else:
            self._file = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
            finalize(self, os.close, self._file)
            table = map_in_full(self._file, 8 * n_values)
        self.values = memoryview(table).cast("Q")

    def __enter__(self) -> None:
        """Wait for the other threads and processes."""
        self._lock.acquire()
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_EX)

    def __exit__(self, *_: object) -> None:
        """Let the next one in."""
        if self._file is not None:
            fcntl.flock(self._file, fcntl.LOCK_UN)
        self._lock.release()
