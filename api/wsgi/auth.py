"""Authorization by a token of the settings, or from this machine if none is set."""

from __future__ import annotations

import hmac
import ipaddress
from typing import Final
from urllib.parse import urlsplit

from flask import Request

from api.wsgi.problems import ProblemError

_NOT_DIRECT: Final = ("Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via", "Origin")
"""Headers that proxies and web pages add; with one of them, the address isn't the caller's."""

_REALMS: Final = {"ADMIN_TOKEN": "operations", "EVENTS_TOKEN": "events"}
"""What each setting with a token protects."""


def require_operator(request: Request, token: str) -> None:
    """Refuse a request that isn't from an operator of the service.

    Raises:
        ProblemError: 401 for a missing or wrong bearer token, 403 if no token is set and
            the request doesn't come directly from this machine.
    """
    _require(request, token, "ADMIN_TOKEN")


def require_event_source(request: Request, token: str) -> None:
    """Refuse a request that isn't from the shop, whose events are believed.

    Raises:
        ProblemError: As `require_operator` does.
    """
    _require(request, token, "EVENTS_TOKEN")


def _require(request: Request, token: str, setting: str) -> None:
    if token:
        _require_token(request, token, setting)
    elif not _is_direct(request):
        raise ProblemError(
            403,
            f"Without a token, this endpoint accepts only direct requests from the service's own "
            f"machine. Set {setting} and send 'Authorization: Bearer TOKEN'.",
        )


def _require_token(request: Request, token: str, setting: str) -> None:
    challenge = f'Bearer realm="{_REALMS[setting]}"'
    # WSGI passes the header's bytes as latin-1 characters.
    header = request.headers.get("Authorization", "").encode("latin-1", "replace")
    scheme, _, credentials = header.partition(b" ")
    if scheme.lower() != b"bearer":
        raise ProblemError(
            401,
            f"Send the header 'Authorization: Bearer TOKEN' with the service's {setting}.",
            {"WWW-Authenticate": challenge},
        )
    if not hmac.compare_digest(credentials.strip(), token.encode()):
        raise ProblemError(
            401,
            f"The token isn't the service's {setting}.",
            {"WWW-Authenticate": f'{challenge}, error="invalid_token"'},
        )


def _is_direct(request: Request) -> bool:
    """Whether a request comes directly from this machine, by address, headers and host.

    A page of another site can make its own host name resolve to this machine (DNS rebinding)
    and then reads without an Origin header, but it can't use this machine's name as the host.
    """
    try:
        host = urlsplit(f"//{request.host}").hostname
    except ValueError:  # brackets without an address in them
        return False
    return (
        _is_loopback(request.remote_addr)
        and (host == "localhost" or _is_loopback(host))
        and not any(name in request.headers for name in _NOT_DIRECT)
    )


def _is_loopback(address: str | None) -> bool:
    """Whether an address is a loopback address; an IPv4 address mapped to IPv6 counts as IPv4."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    inner = getattr(found, "ipv4_mapped", None)
    return (inner or found).is_loopback
