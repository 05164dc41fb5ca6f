"""What is checked and set before the server starts."""

from __future__ import annotations

import resource
import socket
from contextlib import suppress
from typing import Final

import log_setup
from config import Config

_LEAST_OPEN_FILES: Final = 256


class ServerError(Exception):
    """The server can't start; the message says why and what to do."""


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
