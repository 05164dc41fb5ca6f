"""What happens to every request, whether Flask handles it or the short way does: it is counted."""

from __future__ import annotations

from collections.abc import Iterable
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, request

from classes.service_counters import ServiceCounters

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ROUTE: Final = "service.route"
"""Key of the WSGI environment: the rule that a request was matched with, such as /jobs/<job>."""

UNMATCHED: Final = "unmatched"
METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
OTHER_METHOD: Final = "other"


def register(app: Flask, counters: ServiceCounters) -> None:
    """Stand in front of everything registered before."""

    @app.before_request
    def note_route() -> None:
        if request.url_rule is not None:
            request.environ[ROUTE] = request.url_rule.rule

    app.wsgi_app = Front(app.wsgi_app, counters)  # type: ignore[method-assign]


class Front:
    """Passes every request on, and counts it with its route, status and time.

    The time runs until the answer's body is complete; that it is being sent isn't in it.
    """

    def __init__(self, app: WSGIApplication, counters: ServiceCounters) -> None:
        """Stand in front of `app`."""
        self._app = app
        self._counters = counters

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request (PEP 3333)."""
        start = perf_counter_ns()
        status = "500"

        def started(line: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            nonlocal status
            status = line[:3]
            return start_response(line, headers, exc_info)

        try:
            return self._app(environ, started)
        finally:
            method = environ["REQUEST_METHOD"]
            self._counters.count_request(
                method if method in METHODS else OTHER_METHOD,
                environ.get(ROUTE, UNMATCHED),
                status,
                perf_counter_ns() - start,
            )
