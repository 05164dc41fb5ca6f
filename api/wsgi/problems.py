"""Errors as problem details (RFC 9457) that also have the message as `error`."""

from __future__ import annotations

import logging
from collections.abc import Mapping
from http import HTTPStatus
from typing import Any, Final

from flask import Flask, Response, request
from werkzeug.exceptions import HTTPException

from api.wsgi.responses import to_json
from classes.errors import (
    JobEndedError,
    NoSnapshotError,
    NothingToRollBackError,
    OptionError,
    PipelineMissingError,
    ReloadBusyError,
    ReloadConflictError,
    ReloadFailedError,
    ReloadRefusedError,
    ServiceError,
    UnknownJobError,
    UnknownNameError,
)
from storage.events.event import EventStoreError

PROBLEM_TYPE: Final = "application/problem+json"

_STATUS_OF: Final[dict[type[ServiceError], int]] = {
    NoSnapshotError: 503,
    OptionError: 400,
    UnknownNameError: 404,
    UnknownJobError: 404,
    JobEndedError: 409,
    PipelineMissingError: 501,
    ReloadBusyError: 409,
    ReloadConflictError: 409,
    NothingToRollBackError: 409,
    ReloadRefusedError: 422,
    ReloadFailedError: 503,
}

logger = logging.getLogger(__name__)


class ProblemError(Exception):
    """A refused request: status, message for the caller and extra headers."""

    def __init__(self, status: int, message: str, headers: Mapping[str, str] | None = None) -> None:
        """Keep the parts of the response."""
        super().__init__(message)
        self.status = status
        self.headers = dict(headers or {})


def problem(
    status: int, message: str, headers: Mapping[str, str] | None = None, **members: Any
) -> Response:
    """Build the response for an error, which may have members of its own."""
    body = {
        "type": "about:blank",
        "title": HTTPStatus(status).phrase,
        "status": status,
        "detail": message,
        "error": message,
        **members,
    }
    return Response(to_json(body), status, dict(headers or {}), mimetype=PROBLEM_TYPE)


def register(app: Flask) -> None:
    """Report every exception from views, and from Flask itself, as a problem."""
    app.register_error_handler(ProblemError, _refused)
    app.register_error_handler(ServiceError, _service_error)
    app.register_error_handler(EventStoreError, _without_events)
    app.register_error_handler(HTTPException, _http_error)
    app.register_error_handler(Exception, _unexpected)


def _refused(error: ProblemError) -> Response:
    return problem(error.status, str(error), error.headers)


def _service_error(error: ServiceError) -> Response:
    status = next((code for kind, code in _STATUS_OF.items() if isinstance(error, kind)), 500)
    headers = {}
    if isinstance(error, ReloadBusyError):
        headers["Retry-After"] = str(error.retry_after_s)
    return problem(status, str(error), headers)


def _without_events(error: EventStoreError) -> Response:
    logger.error("%s", error)
    return problem(503, str(error), {"Retry-After": str(error.retry_after_s)})


def _http_error(error: HTTPException) -> Response:
    """Report in JSON what Flask reports in HTML, with the headers that belong to it (Allow …)."""
    status = error.code or 500
    headers = {name: value for name, value in error.get_headers() if name.lower() != "content-type"}
    return problem(status, _message(status, error, headers), headers)


def _message(status: int, error: HTTPException, headers: Mapping[str, str]) -> str:
    if status == HTTPStatus.NOT_FOUND:
        return f"There is nothing at {request.path}; GET / lists what there is."
    if status == HTTPStatus.METHOD_NOT_ALLOWED:
        return (
            f"{request.path} doesn't support {request.method}; allowed: {headers.get('Allow', '')}."
        )
    if status == HTTPStatus.REQUEST_ENTITY_TOO_LARGE:
        return (
            f"The body is larger than {request.max_content_length or 0:,} bytes; send less or none."
        )
    return error.description or HTTPStatus(status).phrase


def _unexpected(error: Exception) -> Response:
    """Log the traceback, and keep it out of the response."""
    # The path and the query may name users, so only the rule is logged.
    route = request.url_rule.rule if request.url_rule else "no known path"
    logger.error("Unexpected error in %s %s", request.method, route, exc_info=error)
    return problem(500, "An unexpected error occurred; the service's log has the details.")
