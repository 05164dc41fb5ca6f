"""The life of a worker process: it gives signs of life, and doesn't outlive its parent."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import signal
import time
from collections.abc import Awaitable, Callable
from functools import partial
from threading import Thread
from typing import Final

from storage.heartbeats import Heartbeats

BEAT_INTERVAL_S: Final = 1.0
END_INTERVAL_S: Final = 0.5
_MOST_SIGNALS: Final = 2

Application = Callable[..., Awaitable[None]]
Load = Callable[[Callable[[], None]], Application]
"""Creates the application, given what it has to call when its event loop starts."""


def load_in_worker(load: Load, heartbeats: Heartbeats, shutdown_timeout_s: int) -> Application:
    """Create the application of one worker.

    The worker leaves the terminal's process group so that Ctrl-C reaches it once, through its
    parent process, and it doesn't outlive that process.
    """
    os.setsid()
    parent = multiprocessing.parent_process()
    if parent is not None:
        arguments = parent.pid, heartbeats, shutdown_timeout_s
        Thread(target=_end_with, args=arguments, daemon=True).start()
    return load(partial(_beat, heartbeats))


def _beat(heartbeats: Heartbeats) -> None:
    """Leave signs of life from within the event loop, so that a loop that is stuck leaves none."""
    heartbeats.beat()
    asyncio.get_running_loop().call_later(BEAT_INTERVAL_S, _beat, heartbeats)


def _end_with(parent_pid: int | None, heartbeats: Heartbeats, timeout_s: int) -> None:
    """End this worker when its parent is gone: gracefully, or by force after a timeout.

    Waiting for the parent's sentinel isn't enough, since workers forked later hold it open.
    Signals are repeated while the worker starts, as in `server.serving`.
    """
    while os.getppid() == parent_pid:
        time.sleep(END_INTERVAL_S)
    deadline, n_heard = time.monotonic() + timeout_s, 0
    while time.monotonic() < deadline:
        if n_heard < _MOST_SIGNALS:
            n_heard += heartbeats.has_begun(os.getpid())
            os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(END_INTERVAL_S)
    os.kill(os.getpid(), signal.SIGKILL)
