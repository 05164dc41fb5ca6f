"""What a build may take: time and memory, watched from the process that started it."""

from __future__ import annotations

import os
import subprocess
import time
from pathlib import Path
from threading import Event, Thread
from typing import Final

from config import Config

CHECK_INTERVAL_S: Final = 0.05
_PAGE_BYTES: Final = os.sysconf("SC_PAGE_SIZE")


class BuildLimits:
    """Kills a builder that exceeds its limits.

    Memory is what only the builder holds: resident pages other than those of files. A limit
    on its address space wouldn't do, of which TensorFlow reserves more with each processor.

    Attributes:
        exceeded: A sentence that says why the builder was killed; empty if it wasn't.
    """

    def __init__(
        self, process: subprocess.Popen[str], config: Config, stopping: Event | None
    ) -> None:
        """Prepare the watching thread, which `start` starts."""
        self.exceeded = ""
        self._process = process
        self._config = config
        self._stopping = stopping
        self._deadline = time.monotonic() + config.reload_timeout_s
        self._ended = Event()
        self._thread = Thread(target=self._watch, name="build-limits", daemon=True)

    def start(self) -> None:
        """Start watching."""
        self._thread.start()

    def stop(self) -> None:
        """Stop watching."""
        self._ended.set()
        self._thread.join()

    def _watch(self) -> None:
        while not self.exceeded and not self._ended.wait(CHECK_INTERVAL_S):
            self.exceeded = self._excess()
            if self.exceeded:
                self._process.kill()

    def _excess(self) -> str:
        config = self._config
        if _memory_mb(self._process.pid) > config.build_memory_mb:
            return (
                f"Building the snapshot took more memory than BUILD_MEMORY_MB="
                f"{config.build_memory_mb} allows. Look for a file that is larger than it should "
                f"be, or raise the limit."
            )
        if time.monotonic() > self._deadline:
            return (
                f"Building the snapshot took longer than RELOAD_TIMEOUT_S="
                f"{config.reload_timeout_s}."
            )
        if self._stopping is not None and self._stopping.is_set():
            return "Building the snapshot was stopped, since the server stops."
        return ""


def _memory_mb(pid: int) -> float:
    """Return the memory that a process holds alone, in MB; 0 where the system doesn't say."""
    try:
        fields = Path(f"/proc/{pid}/statm").read_text(encoding="ascii").split()
    except OSError:
        return 0.0
    resident, of_files = int(fields[1]), int(fields[2])
    return (resident - of_files) * _PAGE_BYTES / 1e6
