"""Options of the listening socket, which the connections that it accepts inherit."""

from __future__ import annotations

import asyncio
import os
import socket
import stat
from contextlib import suppress
from pathlib import Path
from typing import Final

_DESCRIPTORS: Final = Path("/proc/self/fd")
_RETRY_S: Final = 0.01
_UNSENT_BYTES: Final = 131_072
"""What the system takes of a response before its client does; megabytes without this."""

_TCP_NOTSENT_LOWAT: Final = 25
"""Of Linux, where Python has no name for it."""


def close_stuck_connections(timeout_s: int) -> None:
    """Have the system close connections whose client takes nothing of what is sent to it.

    The server has no timeout for sending, and doesn't show its sockets: this looks for the
    one that listens, within the event loop, until it is there. Without Linux it does nothing.

    Args:
        timeout_s: Seconds for which a client may take nothing.
    """
    if not hasattr(socket, "TCP_USER_TIMEOUT") or not _DESCRIPTORS.is_dir():
        return
    if not any(_set_options(int(each.name), timeout_s) for each in _DESCRIPTORS.iterdir()):
        loop = asyncio.get_running_loop()
        loop.call_later(_RETRY_S, close_stuck_connections, timeout_s)


def _set_options(number: int, timeout_s: int) -> bool:
    """Set the options if this file descriptor is a listening TCP socket, and return whether it is."""
    with suppress(OSError):
        if not stat.S_ISSOCK(os.fstat(number).st_mode):
            return False
        with socket.socket(fileno=os.dup(number)) as found:
            tcp = found.type == socket.SOCK_STREAM and found.family != socket.AF_UNIX
            if tcp and found.getsockopt(socket.SOL_SOCKET, socket.SO_ACCEPTCONN):
                found.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, timeout_s * 1_000)
                found.setsockopt(socket.IPPROTO_TCP, _TCP_NOTSENT_LOWAT, _UNSENT_BYTES)
                return True
    return False
