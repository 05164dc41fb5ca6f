"""What the server tells whoever started it: progress, and the address once it answers."""

from __future__ import annotations

import http.client
import ipaddress
import json
import logging
import sys
import time
from collections.abc import Callable
from typing import Final
from urllib.parse import quote_plus

from config import Config

_READY_TIMEOUT_S: Final = 60
_READY_INTERVAL_S: Final = 0.05

logger = logging.getLogger(__name__)


def announcer(config: Config) -> Callable[[str], None]:
    """Return the function that reports progress: to a person, or in a log for programs."""
    return say if config.log_format == "console" else logger.info


def say(text: str) -> None:
    """Write one line to the terminal."""
    sys.stderr.write(f"{text}\n")
    sys.stderr.flush()


def announce_when_ready(address: str, port: int, announce: Callable[[str], None]) -> None:
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
