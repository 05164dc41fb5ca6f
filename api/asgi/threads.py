"""The threads that run a worker's requests, where large requests give way to all others."""

from __future__ import annotations

import asyncio
import os
import sys
import threading
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager
from typing import Final, TypeVar

from api.wsgi.problems import ProblemError

_SMALL_BYTES: Final = 1_024
"""Of path, query and body together; requests with more of them are large."""

_LARGE_WAITING: Final = 16
"""Large requests of a worker that wait or run; each may take a second or more."""

_NICENESS: Final = 10
_SWITCH_INTERVAL_S: Final = 0.001
"""After which the event loop gets the interpreter's lock from a thread; 5 ms by default."""

T = TypeVar("T")


class RequestThreads:
    """Threads for one worker's requests, which are started when they are first needed.

    A large request computes for up to a second, while a small one takes milliseconds. So large
    ones run one at a time, at a lower priority, when it is this worker's turn.

    Args:
        n_threads: How many small requests run at a time.
        turn: Entered for each large request; shared with other workers.
    """

    def __init__(self, n_threads: int, turn: AbstractContextManager[None]) -> None:
        """Prepare both kinds of threads."""
        self._small = ThreadPoolExecutor(n_threads, "request")
        self._large = ThreadPoolExecutor(1, "large-request", initializer=_give_way)
        self._turn = turn
        self._n_large = 0

    async def run(self, call: Callable[[], T], n_bytes: int) -> T:
        """Run a request in a thread.

        Args:
            call: Handles the request.
            n_bytes: Bytes of its path, query and body.

        Raises:
            ProblemError: 503 if it is large and too many others are waiting.
        """
        loop = asyncio.get_running_loop()
        if n_bytes <= _SMALL_BYTES:
            return await loop.run_in_executor(self._small, call)
        if self._n_large >= _LARGE_WAITING:
            raise ProblemError(
                503, "Too many large requests are waiting; try again later.", {"Retry-After": "5"}
            )
        self._n_large += 1
        try:
            return await loop.run_in_executor(self._large, self._in_turn, call)
        finally:
            self._n_large -= 1

    def _in_turn(self, call: Callable[[], T]) -> T:
        with self._turn:
            return call()


def _give_way() -> None:
    """Lower the priority of this thread, and let the others of its process interrupt it sooner."""
    sys.setswitchinterval(_SWITCH_INTERVAL_S)
    if sys.platform == "linux":  # elsewhere, only processes have priorities
        os.setpriority(os.PRIO_PROCESS, threading.get_native_id(), _NICENESS)
