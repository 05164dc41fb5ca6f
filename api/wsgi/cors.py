"""Cross-origin access: pages of the sites in CORS_ORIGINS may read responses, others may not."""

from __future__ import annotations

from typing import TYPE_CHECKING, Final

if TYPE_CHECKING:
    from _typeshed.wsgi import WSGIEnvironment

Headers = list[tuple[str, str]]

EVERYBODY: Final = "*"
_READABLE: Final = ("Access-Control-Expose-Headers", "X-Generation, X-Request-ID, Retry-After")
# Not Authorization: pages have no business at the operators' endpoints.
_PREFLIGHT: Final = [
    ("Access-Control-Allow-Methods", "GET, POST"),
    ("Access-Control-Allow-Headers", "Content-Type, X-Request-ID"),
    ("Access-Control-Max-Age", "86400"),
]


class Cors:
    """Adds the headers that let a page read responses in a browser (Fetch standard)."""

    def __init__(self, origins: str) -> None:
        """Parse CORS_ORIGINS: comma-separated origins, or `*`."""
        self._origins = frozenset(origin.strip().rstrip("/") for origin in origins.split(","))

    def headers(self, environ: WSGIEnvironment) -> Headers:
        """Return the response headers for the origin of a request."""
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
