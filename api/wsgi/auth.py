"""Who may change what is served: holders of the token, or this machine where none is set."""

from __future__ import annotations

import hmac
import ipaddress
from typing import Final
from urllib.parse import urlsplit

from flask import Request

from api.wsgi.problems import ProblemError

_NOT_DIRECT: Final = ("Forwarded", "X-Forwarded-For", "X-Real-Ip", "Via", "Origin")
"""Headers that a proxy or a web page adds; then the address says nothing about the caller."""

_CHALLENGE: Final = 'Bearer realm="operations"'


def require_operator(request: Request, token: str) -> None:
    """Let the request pass only if its sender may run the service.

    Raises:
        ProblemError: 401 for a missing or wrong bearer token, 403 where no token is set
            and the request doesn't come straight from this machine.
    """
    if token:
        _require_token(request, token)
    elif not _is_direct(request):
        raise ProblemError(
            403,
            "Without a token this is open only to direct requests from the service's own "
            "machine. Set ADMIN_TOKEN and send 'Authorization: Bearer TOKEN'.",
        )


def _require_token(request: Request, token: str) -> None:
    # WSGI hands the header's bytes over as latin-1 characters.
    given = request.headers.get("Authorization", "").encode("latin-1", "replace")
    scheme, _, credentials = given.partition(b" ")
    if scheme.lower() != b"bearer":
        raise ProblemError(
            401,
            "This needs the header 'Authorization: Bearer TOKEN' with the service's ADMIN_TOKEN.",
            {"WWW-Authenticate": _CHALLENGE},
        )
    if not hmac.compare_digest(credentials.strip(), token.encode()):
        raise ProblemError(
            401,
            "The token isn't the service's ADMIN_TOKEN.",
            {"WWW-Authenticate": f'{_CHALLENGE}, error="invalid_token"'},
        )


def _is_direct(request: Request) -> bool:
    """Judge by address, headers and the name asked for.

    A page of another site can have its own name lead to this machine (DNS rebinding), and
    reads then without an Origin header; but it can't ask for the name of this machine.
    """
    try:
        host = urlsplit(f"//{request.host}").hostname
    except ValueError:  # brackets that hold no address
        return False
    return (
        _is_loopback(request.remote_addr)
        and (host == "localhost" or _is_loopback(host))
        and not any(name in request.headers for name in _NOT_DIRECT)
    )


def _is_loopback(address: str | None) -> bool:
    """Judge the peer's address; an IPv4 address inside IPv6 counts as what it is."""
    try:
        found = ipaddress.ip_address(address or "")
    except ValueError:
        return False
    inner = getattr(found, "ipv4_mapped", None)
    return (inner or found).is_loopback
