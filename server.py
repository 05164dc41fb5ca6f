"""The production server around the application: worker processes, their life and death."""

from __future__ import annotations

import http.client
import ipaddress
import json
import logging
import multiprocessing
import multiprocessing.connection
import os
import signal
import socket
import sys
import time
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from threading import Thread
from typing import Any, Final, Protocol
from urllib.parse import quote_plus

from flask import Flask
from granian import Granian
from granian.constants import Interfaces
from granian.log import LogLevels

import log_setup
from config import Config

_BACKLOG: Final = 1_024
_READY_TIMEOUT_S: Final = 60
_READY_INTERVAL_S: Final = 0.05
_END_INTERVAL_S: Final = 0.5

logger = logging.getLogger(__name__)


class ServerError(Exception):
    """The server can't start; the message says why and what to do."""


class Companion(Protocol):
    """Something that runs beside the workers, in the process that started them."""

    def start(self) -> None:
        """Begin; called once the workers are there, so that no fork copies its threads."""

    def stop(self) -> None:
        """End; called when the workers have ended."""


def serve(
    config: Config,
    load: Callable[[], Flask],
    companions: Sequence[Companion],
    drain: Callable[[], None],
) -> int:
    """Serve until SIGTERM or SIGINT, then finish the requests in flight.

    A worker that dies is replaced; only one that dies at once, again and again, ends all.

    Args:
        config: Address, number of workers and threads.
        load: Makes the application, once in each worker; it must be picklable.
        companions: Run as long as the workers do.
        drain: Called first when the server is told to stop; DRAIN_S later it begins to.

    Returns:
        Exit status: 0 after a signal, 1 when workers couldn't be kept alive.
    """
    granian = _Server(
        "app:create_app",
        address=check_address(config),
        port=config.port,
        interface=Interfaces.WSGI,
        workers=config.workers,
        blocking_threads=config.threads_per_worker,
        backlog=_BACKLOG,
        respawn_failed_workers=True,
        workers_kill_timeout=config.shutdown_timeout_s,
        # Its warnings include false ones ("refused to gracefully stop") about ended workers.
        log_level=LogLevels.error,
        log_dictconfig=log_setup.logging_settings(config),
    )
    granian.companions = companions
    granian.drain = drain
    granian.drain_s = config.drain_s
    granian.announce = announcer(config)
    try:
        loader = partial(_load_in_worker, load, config.shutdown_timeout_s)
        granian.serve(target_loader=loader, wrap_loader=False)
    except SystemExit as stopped:
        # A signal from a terminal reaches the workers too; that they ended is no failure.
        return 0 if granian.interrupt_signal else int(stopped.code or 0)
    return 0


def check_address(config: Config) -> str:
    """Resolve HOST to the number of an address on which PORT is free.

    The server's own sockets share their port among workers, and so would with another
    server without noticing it; hence this look beforehand.

    Raises:
        ServerError: No such host, port in use, or not allowed.
    """
    try:
        found = socket.getaddrinfo(config.host, config.port, type=socket.SOCK_STREAM)
    except OSError as error:
        raise ServerError(f"HOST is {config.host!r}, no address of a machine: {error}.") from error
    family, kind, protocol, _, address = found[0]
    with socket.socket(family, kind, protocol) as probe:
        probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            probe.bind(address)
        except OSError as error:
            raise ServerError(
                f"Can't listen on {config.host}, port {config.port}: {error.strerror}. "
                f"Choose another with PORT or HOST, or stop what uses it."
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
            f"LOG_PATH is {config.log_path}, where no log can be written: {error}."
        ) from error


def announcer(config: Config) -> Callable[[str], None]:
    """Give the way to tell what is happening: to a person, or in the log for programs."""
    return say if config.log_format == "console" else logger.info


def say(text: str) -> None:
    """Write one line to the terminal."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


class _Server(Granian):  # type: ignore[misc, valid-type]  # which class it is, granian decides
    """Granian with companions, that says when it answers, and soon won't before it doesn't."""

    companions: Sequence[Companion]
    drain: Callable[[], None]
    drain_s: int
    announce: Callable[[str], None]

    def startup(self, *args: Any) -> None:
        """Start the workers, and only then threads, for a fork would half copy them."""
        super().startup(*args)
        for companion in self.companions:
            companion.start()
        address = self.bind_addr, self.bind_port, self.announce
        Thread(target=_say_when_ready, args=address, daemon=True).start()

    def shutdown(self, *args: Any) -> None:
        """Say that the end is near, wait until DRAIN_S or another signal, then end all."""
        self.drain()
        if self.interrupt_signal and self.drain_s:
            self.main_loop_interrupt.clear()
            self.main_loop_interrupt.wait(self.drain_s)
        try:
            super().shutdown(*args)
        finally:
            for companion in self.companions:
                companion.stop()

    def _stop_workers(self) -> None:
        Thread(target=_end, args=([worker.inner for worker in self.wrks],), daemon=True).start()
        super()._stop_workers()


def _end(workers: Iterable[Any]) -> None:
    """Ask processes to end until they have: one that is just starting misses a signal."""
    left = {worker.sentinel: worker for worker in workers}
    while left:
        for ended in multiprocessing.connection.wait(left, _END_INTERVAL_S):
            del left[ended]
        for worker in left.values():
            worker.terminate()


def _say_when_ready(address: str, port: int, announce: Callable[[str], None]) -> None:
    """Wait for the first answer, and turn it into an example."""
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
    """Name a known user, or nobody while the service doesn't answer."""
    connection = http.client.HTTPConnection(host, port, timeout=5)
    try:
        connection.request("GET", "/random_users")
        return str(json.load(connection.getresponse())[0])
    except (OSError, ValueError, LookupError, http.client.HTTPException):
        return None
    finally:
        connection.close()


def _load_in_worker(load: Callable[[], Flask], shutdown_timeout_s: int) -> Flask:
    """Make the application of one worker.

    The worker leaves the terminal's process group, so that Ctrl-C reaches it once, through
    the process that started it, and it won't outlive that process.
    """
    os.setsid()
    parent = multiprocessing.parent_process()
    if parent is not None:
        Thread(target=_end_with, args=(parent.pid, shutdown_timeout_s), daemon=True).start()
    return load()


def _end_with(parent_pid: int | None, timeout_s: int) -> None:
    """End this worker once its parent is gone: gracefully, or after a while by force.

    Waiting for the parent's sentinel would not do, since workers forked later hold it open.
    """
    while os.getppid() == parent_pid:
        time.sleep(_END_INTERVAL_S)
    deadline = time.monotonic() + timeout_s
    while time.monotonic() < deadline:
        os.kill(os.getpid(), signal.SIGTERM)  # again and again: while it starts, it misses some
        time.sleep(_END_INTERVAL_S)
    os.kill(os.getpid(), signal.SIGKILL)
