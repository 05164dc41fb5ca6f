"""A fast path around Flask for the most frequent requests."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any

from api.wsgi.middleware import ROUTE
from api.wsgi.responses import GENERATION_HEADER

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

Recommend = Callable[[str], tuple[bytes, str]]
"""Returns the JSON body and the generation it was made from, given a raw query string."""


class FastPath:
    """Answers valid requests for recommendations without Flask's request machinery.

    The machinery (contexts, signals, routing, response objects) costs several times as much
    as the response itself once a user's list is known. The body comes from the same function
    as the route's; anything but a 200 is left to the route, which starts over.
    """

    def __init__(self, app: WSGIApplication, path: str, recommend: Recommend) -> None:
        """Wrap `app`, and handle GET requests for `path`."""
        self._app = app
        self._path = path
        self._recommend = recommend

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Handle one request (PEP 3333)."""
        if environ["PATH_INFO"] != self._path or environ["REQUEST_METHOD"] != "GET":
            return self._app(environ, start_response)
        try:
            body, generation = self._recommend(environ.get("QUERY_STRING", ""))
        except Exception:  # noqa: BLE001 - the route meets the same error and reports it
            return self._app(environ, start_response)
        environ[ROUTE] = self._path
        headers: list[tuple[str, Any]] = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            (GENERATION_HEADER, generation),
            ("Cache-Control", "no-store"),
        ]
        start_response("200 OK", headers)
        return [body]
