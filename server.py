"""The production server: starts the worker processes, replaces them and ends them."""

from __future__ import annotations

import asyncio
import http.client
import ipaddress
import json
import logging
import multiprocessing
import multiprocessing.connection
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Awaitable, Callable, Iterable, Sequence
from contextlib import suppress
from functools import partial
from threading import Thread
from typing import Any, Final, Protocol
from urllib.parse import quote_plus

from granian import Granian
from granian.constants import HTTPModes, Interfaces
from granian.http import HTTP1Settings
from granian.log import LogLevels

import log_setup
from config import Config
from storage.heartbeats import Heartbeats

_BACKLOG: Final = 1_024
_READY_TIMEOUT_S: Final = 60
_READY_INTERVAL_S: Final = 0.05
_END_INTERVAL_S: Final = 0.5
_BEAT_INTERVAL_S: Final = 1.0
_MOST_SIGNALS: Final = 2
_HEADER_TIMEOUT_MS: Final = 10_000
"""For the head of a request, and for the next request on a connection."""
_BUFFER_BYTES: Final = 131_072
"""Of a connection: the largest head of a request, and what waits for a slow client to read it."""
_LEAST_OPEN_FILES: Final = 256
_MOST_CONNECTIONS: Final = 16_384
"""Of a worker, idle ones too; beyond it, connections wait in the backlog."""

Application = Callable[..., Awaitable[None]]
Load = Callable[[Callable[[], None]], Application]
"""Creates the application, given what it has to call when its event loop starts."""

logger = logging.getLogger(__name__)


class ServerError(Exception):
    """The server can't start; the message says why and what to do."""


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
    granian = _Server(
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
    granian.companions = companions
    granian.drain = drain
    granian.drain_s = config.drain_s
    granian.announce = announcer(config)
    granian.worker_timeout_s = config.worker_timeout_s
    try:
        loader = partial(_load_in_worker, load, granian.heartbeats, config.shutdown_timeout_s)
        granian.serve(target_loader=loader, wrap_loader=False)
    except SystemExit as stopped:
        # A signal from a terminal also reaches the workers; that they ended is not a failure.
        return 0 if granian.interrupt_signal else int(stopped.code or 0)
    return 0


def check_address(config: Config) -> str:
    """Resolve HOST to an IP address where PORT is free.

    The server's sockets share their port among workers, and would silently share it with
    another server too, so this checks beforehand.

    Raises:
        ServerError: The host is unknown, or the port is in use or not permitted.
    """
    try:
        found = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ServerError(f"HOST is {config.host!r}, which is not an address: {error}.") from error
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise ServerError(
                f"Can't listen on {config.host}, port {config.port}: {error.strerror}. "
                f"Choose another with PORT or HOST, or stop the program that uses it."
            ) from error
    return str(address[0])


def configure_logging(config: Config) -> None:
    """Log to stderr and to a file in LOG_PATH.

    Raises:
        ServerError: The file can't be written.
    """
    try:
        log_setup.configure(config)
    except (OSError, ValueError) as error:
        raise ServerError(
            f"LOG_PATH is {config.log_path}, where the log can't be written: {error.__cause__ or error}."
        ) from error


def announcer(config: Config) -> Callable[[str], None]:
    """Return the function that reports progress: to a person, or in a log for programs."""
    return say if config.log_format == "console" else logger.info


def say(text: str) -> None:
    """Write one line to the terminal."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


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
        Thread(target=_announce_when_ready, args=address, daemon=True).start()
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
            time.sleep(_BEAT_INTERVAL_S)
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
        for ended in multiprocessing.connection.wait(left, _END_INTERVAL_S):
            del left[ended]
        for sentinel, worker in list(left.items()):
            if heartbeats.has_begun(worker.pid):
                del left[sentinel]
            worker.terminate()


def _announce_when_ready(address: str, port: int, announce: Callable[[str], None]) -> None:
    """Wait for the first response, and announce the address with an example."""
    host = "localhost" if ipaddress.ip_address(address).is_unspecified else address
    url = f"http://{f'[{host}]' if ':' in host else host}:{port}"
    deadline = time.monotonic() + _READY_TIMEOUT_S
    while time.monotonic() < deadline:
        user = _ask_for_user(host, port)
        if user is not None:
            example = f"  Try: curl '{url}/recommendations?users={quote_plus(user)}'"
            announce(f"Ready at {url}{example if announce is say else ''}")  # no names in logs
            return
        time.sleep(_READY_INTERVAL_S)


def _ask_for_user(host: str, port: int) -> str | None:
    """Return a known user, or None while the service doesn't answer."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/random_users")
        return str(json.load(connection.getresponse())[0])
    except (OSError, ValueError, LookupError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _load_in_worker(load: Load, heartbeats: Heartbeats, shutdown_timeout_s: int) -> Application:
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
    asyncio.get_running_loop().call_later(_BEAT_INTERVAL_S, _beat, heartbeats)


def raise_file_limit() -> None:
    """Allow as many open files, and so connections, as the system lets this user have.

    Raises:
        ServerError: They don't suffice for the files of two snapshots and some connections.
    """
    _, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
    if hard != resource.RLIM_INFINITY and hard < _LEAST_OPEN_FILES:
        raise ServerError(
            f"A process may open {hard} files here; the service needs {_LEAST_OPEN_FILES}, and one "
            f"more for each connection. Raise the limit, for example by ulimit -n 4096."
        )
    with suppress(ValueError, OSError):
        resource.setrlimit(resource.RLIMIT_NOFILE, (hard, hard))


def _end_with(parent_pid: int | None, heartbeats: Heartbeats, timeout_s: int) -> None:
    """End this worker when its parent is gone: gracefully, or by force after a timeout.

    Waiting for the parent's sentinel isn't enough, since workers forked later hold it open.
    Signals are repeated while the worker starts, as in `_terminate`.
    """
    while os.getppid() == parent_pid:
        time.sleep(_END_INTERVAL_S)
    deadline, n_heard = time.monotonic() + timeout_s, 0
    while time.monotonic() < deadline:
        if n_heard < _MOST_SIGNALS:
            n_heard += heartbeats.has_begun(os.getpid())
            os.kill(os.getpid(), signal.SIGTERM)
        time.sleep(_END_INTERVAL_S)
    os.kill(os.getpid(), signal.SIGKILL)
