"""The middleware around every request, whether Flask or the fast path handles it.

Each request gets an id, is held to the rate limit and counted, and its response gets the
headers that every response has.
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
from log_setup import REQUEST_ID

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

ROUTE: Final = "service.route"
"""Key of the WSGI environment: the rule that a request matches, such as /jobs/<job>."""

ID: Final = "service.request_id"
"""Key of the WSGI environment: the request's id."""

REFUSAL: Final = "service.refusal"
"""Key of the WSGI environment: the response to a request that was refused before it came here."""

REQUEST_ID_HEADER: Final = "X-Request-ID"
UNMATCHED: Final = "unmatched"
METHODS: Final = frozenset(("GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"))
OTHER_METHOD: Final = "other"

NEVER_LIMITED: Final = ("/health/", "/metrics")
"""Paths that orchestrators and Prometheus request; refusals would look like an outage."""

_ALWAYS: Final = (("X-Content-Type-Options", "nosniff"), ("Referrer-Policy", "no-referrer"))
_STRICTEST_POLICY: Final = "default-src 'none'; frame-ancestors 'none'"
_ACCEPTED_ID: Final = re.compile(r"[A-Za-z0-9._:+/=@-]{1,128}", re.ASCII)

logger = logging.getLogger(__name__)


def register(app: Flask, counters: ServiceCounters, config: Config) -> None:
    """Wrap everything that is registered so far."""

    @app.before_request
    def note_route_and_id() -> None:
        if request.url_rule is not None:
            request.environ[ROUTE] = request.url_rule.rule
        REQUEST_ID.set(request.environ.get(ID, ""))  # every line logged from here on has it

    @app.teardown_request
    def forget_id(_: BaseException | None) -> None:
        REQUEST_ID.set("")

    @app.after_request
    def add_headers(response: Response) -> Response:
        # Responses are personal, and change with every reload.
        response.headers.setdefault("Cache-Control", "no-store")
        if response.mimetype == "text/html":
            response.headers.setdefault("Content-Security-Policy", _STRICTEST_POLICY)
        return response

    app.wsgi_app = Middleware(app.wsgi_app, counters, config)  # type: ignore[method-assign]


class Middleware:
    """Passes requests on to the application, within limits, and counts and times them.

    The time of a request ends when the body of its response is complete; sending it doesn't
    count.
    """

    def __init__(self, app: WSGIApplication, counters: ServiceCounters, config: Config) -> None:
        """Wrap `app`."""
        self._app = app
        self._counters = counters
        rate = parse_rate(config.rate_limit)
        self._limiter = RateLimiter(*rate, config.run_path) if rate else None
        self._cors = Cors(config.cors_origins) if config.cors_origins else None
        self._slow_ns = config.log_slow_ms * 1_000_000
        self._numbers = count(1)
        self._prefix = ""

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Handle one request (PEP 3333)."""
        start = perf_counter_ns()
        sent_id = environ.get("HTTP_X_REQUEST_ID")
        if sent_id and _ACCEPTED_ID.fullmatch(sent_id):
            request_id = sent_id
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
            refused = environ.get(REFUSAL)
            if refused is None and self._limiter is not None:
                refused = self._refused(self._limiter, environ)
            return (refused or self._app)(environ, started)
        finally:
            self._count_and_log(environ, status, perf_counter_ns() - start)

    def _refused(self, limiter: RateLimiter, environ: WSGIEnvironment) -> WSGIApplication | None:
        """Return a refusal for a client over its rate, or None to let the request pass."""
        if environ["PATH_INFO"].startswith(NEVER_LIMITED):
            return None
        wait_s = limiter.seconds_to_wait(environ.get("REMOTE_ADDR") or "")
        if not wait_s:
            return None
        seconds = ceil(wait_s)
        message = f"Too many requests from your address. Try again in {seconds} s."
        return problem(429, message, {"Retry-After": str(seconds), "Cache-Control": "no-store"})

    def _count_and_log(self, environ: WSGIEnvironment, status: str, nanoseconds: int) -> None:
        """Count a request and log it if it was slow; neither includes names of users."""
        method = environ["REQUEST_METHOD"]
        if method not in METHODS:
            method = OTHER_METHOD
        route = environ.get(ROUTE, UNMATCHED)
        self._counters.count_request(method, route, status, nanoseconds)
        if nanoseconds >= self._slow_ns:
            fields: dict[str, Any] = {"method": method, "route": route, "status": int(status)}
            fields |= {"ms": round(nanoseconds / 1e6, 3), "request_id": environ[ID]}
            logger.info("answered", extra=fields)

    def _begin_ids(self) -> str:
        """Choose the prefix of this process's ids, at its first request, when it no longer forks."""
        self._prefix = f"{secrets.token_hex(5)}z"
        return self._prefix
