"""What happens to every request, whether Flask handles it or the short way does.

It gets an id, may be refused for its rate, is counted, and its answer gets the headers that
every answer has.
"""

from __future__ import annotations

import logging
import re
import secrets
from collections.abc import Iterable
from itertools import count
from math import ceil
from time import perf_counter_ns
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Response, request

from api.wsgi.cors import Cors
from api.wsgi.problems import problem
from classes.rate_limiter import RateLimiter
from classes.service_counters import ServiceCounters
from config import Config, parse_rate
from log_setup import FIELDS, REQUEST_ID

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ROUTE: Final = "service.route"
"""Key of the WSGI environment: the rule that a request was matched with, such as /jobs/<job>."""

ID: Final = "service.request_id"
"""Key of the WSGI environment: the request's id."""

REQUEST_ID_HEADER: Final = "X-Request-ID"
UNMATCHED: Final = "unmatched"
METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
OTHER_METHOD: Final = "other"

NEVER_LIMITED: Final = ("/health/", "/metrics")
"""What orchestrators and Prometheus ask; refusing them would look like an outage."""

_ALWAYS: Final = (("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"))
_STRICTEST_POLICY: Final = "default-src 'none'; frame-ancestors 'none'"
_SANE_ID: Final = re.compile(r"[A-Za-z0-9._:+/=@-]{1,128}", re.ASCII)

logger = logging.getLogger(__name__)


def register(app: Flask, counters: ServiceCounters, config: Config) -> None:
    """Stand in front of everything registered before."""

    @app.before_request
    def note_route_and_id() -> None:
        if request.url_rule is not None:
            request.environ[ROUTE] = request.url_rule.rule
        REQUEST_ID.set(request.environ.get(ID, ""))  # what is logged from here on has it

    @app.teardown_request
    def forget_id(_: BaseException | None) -> None:
        REQUEST_ID.set("")

    @app.after_request
    def add_headers(answer: Response) -> Response:
        # Answers are personal, and change with every reload.
        answer.headers.setdefault("Cache-Control", "no-store")
        if answer.mimetype == "text/html":
            answer.headers.setdefault("Content-Security-Policy", _STRICTEST_POLICY)
        return answer

    app.wsgi_app = Front(app.wsgi_app, counters, config)  # type: ignore[method-assign]


class Front:
    """Passes requests on.

    Their time runs until the answer's body is complete; that it is being sent isn't in it.
    """

    def __init__(self, app: WSGIApplication, counters: ServiceCounters, config: Config) -> None:
        """Stand in front of `app`."""
        self._app = app
        self._counters = counters
        rate = parse_rate(config.rate_limit)
        self._limiter = RateLimiter(*rate, config.run_path) if rate else None
        self._cors = Cors(config.cors_origins) if config.cors_origins else None
        self._slow_ns = config.log_slow_ms * 1_000_000
        self._numbers = count(1)
        self._prefix = ""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request (PEP 3333)."""
        start = perf_counter_ns()
        given = environ.get("HTTP_X_REQUEST_ID")
        if given and _SANE_ID.fullmatch(given):
            request_id = given
        else:
            request_id = f"{self._prefix or self._begin_ids()}{next(self._numbers):x}"
        environ[ID] = request_id
        status = "500"

        def started(line: str, headers: list[tuple[str, str]], exc_info: Any = None) -> Any:
            nonlocal status
            status = line[:3]
            headers += (*_ALWAYS, (REQUEST_ID_HEADER, request_id))
            if self._cors is not None:
                headers += self._cors.headers(environ)
            return start_response(line, headers, exc_info)

        try:
            refused = None if self._limiter is None else self._refused(self._limiter, environ)
            return (refused or self._app)(environ, started)
        finally:
            self._note(environ, status, perf_counter_ns() - start)

    def _refused(self, limiter: RateLimiter, environ: WSGIEnvironment) -> WSGIApplication | None:
        """Answer a client that sends too much; None lets the request pass."""
        if environ["PATH_INFO"].startswith(NEVER_LIMITED):
            return None
        wait_s = limiter.seconds_to_wait(environ.get("REMOTE_ADDR") or "")
        if not wait_s:
            return None
        seconds = ceil(wait_s)
        message = f"Too many requests came from your address. Try again in {seconds} s."
        return problem(429, message, {"Retry-After": str(seconds), "Cache-Control": "no-store"})

    def _note(self, environ: WSGIEnvironment, status: str, nanoseconds: int) -> None:
        """Count a request, and log it where it was slow; names of users stay out of both."""
        method = environ["REQUEST_METHOD"]
        if method not in METHODS:
            method = OTHER_METHOD
        route = environ.get(ROUTE, UNMATCHED)
        self._counters.count_request(method, route, status, nanoseconds)
        if nanoseconds >= self._slow_ns:
            fields: dict[str, Any] = {"method": method, "route": route, "status": int(status)}
            fields |= {"ms": round(nanoseconds / 1e6, 3), "request_id": environ[ID]}
            logger.info("answered", extra={FIELDS: fields})

    def _begin_ids(self) -> str:
        """Choose what this process's ids begin with, at the first, when it won't fork any more."""
        self._prefix = f"{secrets.token_hex(5)}z"
        return self._prefix
