"""Signs of life that forked processes leave in memory they share with their parent."""

from __future__ import annotations

import os
import struct
import time
from mmap import mmap
from typing import Final

_SLOTS: Final = 4_096
_SLOT: Final = struct.Struct("=qq")
"""Process id and the monotonic time of its last sign of life, in nanoseconds."""


class Heartbeats:
    """The last sign of life of each process, by its id; made before the processes are forked."""

    def __init__(self) -> None:
        """Reserve the shared memory."""
        self._memory = mmap(-1, _SLOTS * _SLOT.size)

    def beat(self) -> None:
        """Leave a sign of life of this process."""
        pid = os.getpid()
        _SLOT.pack_into(self._memory, _offset(pid), pid, time.monotonic_ns())

    def has_begun(self, pid: int) -> bool:
        """Return whether a process has left a sign of life."""
        return bool(_SLOT.unpack_from(self._memory, _offset(pid))[0] == pid)

    def silence_s(self, pid: int) -> float:
        """Return the seconds since the last sign of a process; 0 if it never left one."""
        found, last_ns = _SLOT.unpack_from(self._memory, _offset(pid))
        return (time.monotonic_ns() - last_ns) / 1e9 if found == pid else 0.0


def _offset(pid: int) -> int:
    return pid % _SLOTS * _SLOT.size
