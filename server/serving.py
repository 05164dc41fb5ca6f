"""Granian with this service's settings, and what runs beside its workers."""

from __future__ import annotations

import logging
import multiprocessing.connection
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from threading import Thread
from typing import Any, Final, Protocol

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

import log_setup
from config import Config
from server.announcements import announce_when_ready, announcer
from server.preparation import check_address
from server.worker import BEAT_INTERVAL_S, END_INTERVAL_S, Load, load_in_worker
from storage.heartbeats import Heartbeats

_BACKLOG: Final = 1_024
_HEADER_TIMEOUT_MS: Final = 10_000
"""For the head of a request, and for the next request on a connection."""
_BUFFER_BYTES: Final = 131_072
"""Of a connection: the largest head of a request, and what waits for a slow client to read it."""
_MOST_CONNECTIONS: Final = 16_384
"""Of a worker, idle ones too; beyond it, connections wait in the backlog."""

logger = logging.getLogger(__name__)


class Companion(Protocol):
    """A task that runs beside the workers, in the process that started them."""

    def start(self) -> None:
        """Start; called after the workers have started, so that no fork copies its threads."""

    def stop(self) -> None:
        """Stop; called after the workers have ended."""


def serve(
    config: Config, load: Load, companions: Sequence[Companion], drain: Callable[[], None]
) -> int:
    """Serve until SIGTERM or SIGINT, then finish the requests in flight.

    A worker that dies is replaced; only workers that keep dying at once end the server.

    Args:
        config: The address, and the numbers of workers and threads.
        load: Creates the ASGI application, once in each worker.
        companions: Tasks that run as long as the workers do.
        drain: Called when the server is told to stop, DRAIN_S before it stops.

    Returns:
        Exit status: 0 after a signal, 1 if workers kept dying.
    """
    granian = _server(config)
    granian.companions = companions
    granian.drain = drain
    try:
        loader = partial(load_in_worker, load, granian.heartbeats, config.shutdown_timeout_s)
        granian.serve(target_loader=loader, wrap_loader=False)
    except SystemExit as stopped:
        # A signal from a terminal also reaches the workers; that they ended is not a failure.
        return 0 if granian.interrupt_signal else int(stopped.code or 0)
    return 0


def _server(config: Config) -> _Server:
    """Set granian up."""
    server = _Server(
        "app:create_asgi_app",
        address=check_address(config),
        port=config.port,
        interface=Interfaces.ASGI,
        http=HTTPModes.http1,  # telling it from HTTP/2 waits for a first byte without a timeout
        workers=config.workers,
        websockets=False,
        backlog=_BACKLOG,
        backpressure=_MOST_CONNECTIONS,
        http1_settings=HTTP1Settings(
            header_read_timeout=_HEADER_TIMEOUT_MS, max_buffer_size=_BUFFER_BYTES
        ),
        respawn_failed_workers=True,
        workers_kill_timeout=config.shutdown_timeout_s,
        # Its warnings include false ones ("refused to gracefully stop") about workers that ended.
        log_level=LogLevels.error,
        log_dictconfig=log_setup.logging_settings(config),
    )
    server.drain_s = config.drain_s
    server.announce = announcer(config)
    server.worker_timeout_s = config.worker_timeout_s
    return server


class _Server(Granian):  # type: ignore[misc, valid-type]  # granian chooses the class
    """Granian with companions, an announcement when it is ready, and draining before it stops."""

    companions: Sequence[Companion]
    drain: Callable[[], None]
    drain_s: int
    announce: Callable[[str], None]
    worker_timeout_s: int

    def __init__(self, *args: Any, **options: Any) -> None:
        """Reserve what the workers share before they are forked."""
        super().__init__(*args, **options)
        self.heartbeats = Heartbeats()

    def startup(self, *args: Any) -> None:
        """Start the workers, and threads only afterwards, since a fork doesn't copy them whole."""
        super().startup(*args)
        for companion in self.companions:
            companion.start()
        address = self.bind_addr, self.bind_port, self.announce
        Thread(target=announce_when_ready, args=address, daemon=True).start()
        Thread(target=self._kill_silent_workers, daemon=True).start()

    def shutdown(self, *args: Any) -> None:
        """Announce the end, wait for DRAIN_S or another signal, then end all processes."""
        self.drain()
        if self.interrupt_signal and self.drain_s:
            self.main_loop_interrupt.clear()
            self.main_loop_interrupt.wait(self.drain_s)
        try:
            super().shutdown(*args)
        finally:
            for companion in self.companions:
                companion.stop()

    def _kill_silent_workers(self) -> None:
        """Kill workers that are stopped or stuck, so that they are replaced like dead ones."""
        while not self.interrupt_signal:
            time.sleep(BEAT_INTERVAL_S)
            for process in [worker.inner for worker in self.wrks]:
                if self.heartbeats.silence_s(process.pid) > self.worker_timeout_s:
                    logger.error(
                        "worker %d gave no sign of life for %d s and is replaced",
                        process.pid,
                        self.worker_timeout_s,
                    )
                    process.kill()

    def _stop_workers(self) -> None:
        processes = [worker.inner for worker in self.wrks]
        Thread(target=_terminate, args=(processes, self.heartbeats), daemon=True).start()
        super()._stop_workers()


def _terminate(workers: Iterable[Any], heartbeats: Heartbeats) -> None:
    """Terminate processes; while one still starts, it misses signals and gets another.

    The server has already sent each a signal. A worker with a request in flight never ends
    once granian 2.8 has handled a third one.
    """
    left = {worker.sentinel: worker for worker in workers}
    while left:
        for ended in multiprocessing.connection.wait(left, END_INTERVAL_S):
            del left[ended]
        for sentinel, worker in list(left.items()):
            if heartbeats.has_begun(worker.pid):
                del left[sentinel]
            worker.terminate()
