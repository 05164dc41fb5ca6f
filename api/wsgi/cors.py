"""Which other sites' pages may read answers; none unless CORS_ORIGINS names them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Headers = list[tuple[str, str]]

EVERYBODY: Final = "*"
_READABLE: Final = ("Access-Control-Expose-Headers", "X-Generation, X-Request-ID, Retry-After")
# No Authorization: operators' endpoints are no business of a page's.
_PREFLIGHT: Final = [
    ("Access-Control-Allow-Methods", "GET, POST"),
    ("Access-Control-Allow-Headers", "Content-Type, X-Request-ID"),
    ("Access-Control-Max-Age", "86400"),
]


class Cors:
    """The headers by which a browser decides whether a page may read an answer (Fetch standard)."""

    def __init__(self, origins: str) -> None:
        """Read CORS_ORIGINS: origins separated by commas, or `*`."""
        self._origins = frozenset(origin.strip().rstrip("/") for origin in origins.split(","))

    def headers(self, environ: WSGIEnvironment) -> Headers:
        """Say what the request's origin may do."""
        if EVERYBODY in self._origins:
            allowed, vary = EVERYBODY, []
        else:
            allowed, vary = environ.get("HTTP_ORIGIN", ""), [("Vary", "Origin")]
            if allowed not in self._origins:
                return vary
        found = [("Access-Control-Allow-Origin", allowed), *vary, _READABLE]
        if "HTTP_ACCESS_CONTROL_REQUEST_METHOD" in environ:
            found += _PREFLIGHT
        return found
