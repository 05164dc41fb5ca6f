"""The thread of a task that runs beside the workers, in the server's parent process."""

from __future__ import annotations

from abc import ABC, abstractmethod
from threading import Event, Thread
from typing import Final

STOP_TIMEOUT_S: Final = 5.0


class CompanionThread(ABC):
    """A task that runs in a thread of its own from `start` until `stop`."""

    def __init__(self, name: str) -> None:
        """Prepare the thread, which `start` starts."""
        self._stopping = Event()
        self._thread = Thread(target=self._run, name=name, daemon=True)

    def start(self) -> None:
        """Start the thread."""
        self._thread.start()

    def stop(self) -> None:
        """Tell the task to stop, and wait for a while until it has."""
        self._stopping.set()
        self._thread.join(timeout=STOP_TIMEOUT_S)

    @abstractmethod
    def _run(self) -> None:
        """Work until `_stopping` is set; what takes longer looks at it in between."""
