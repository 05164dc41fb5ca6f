"""One endpoint, described once: routes validate requests by what the documentation says.

A resource builds its `Endpoint`s in `register`, reads requests through them and routes them
to its views:

    endpoint = Endpoint(method="GET", path="/check_users", parameters=(users,), …)

    @endpoint.on(app)
    def check_users() -> Response:
        names = endpoint.query().read(users)
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Any, Final

from flask import Flask, request
from flask.typing import ResponseReturnValue
from werkzeug.routing import BaseConverter

from api.contract.parameter import Parameter, Schema
from api.contract.request_values import BodyValues, QueryValues, read_body, require_json

View = Callable[..., ResponseReturnValue]

EXTENSION: Final = "endpoints"
"""Where a Flask application keeps its endpoints, among its extensions."""

ALWAYS: Final = {
    400: "A parameter is unknown, repeated or invalid.",
    429: "Your address sent more requests than RATE_LIMIT allows (see Retry-After).",
    500: "An unexpected error occurred.",
}
_LONG_QUERY: Final = {414: "The query is too long."}
WITH_SNAPSHOT: Final = ALWAYS | _LONG_QUERY | {503: "No snapshot is loaded yet."}
"""The problems of every endpoint that answers from a snapshot."""

FOR_OPERATORS: Final = (
    ALWAYS
    | _LONG_QUERY
    | {
        401: "The bearer token is missing or wrong.",
        403: "No token is set, and the request isn't from the service's own machine.",
    }
)
"""The problems of every endpoint that needs ADMIN_TOKEN."""

FOR_EVENT_SOURCES: Final = FOR_OPERATORS
"""The problems of every endpoint that needs EVENTS_TOKEN."""

WITHOUT_BODY: Final = {
    413: "The request has a body that is too large; send none.",
    415: "The request has a body that isn't JSON; send none.",
}
"""The problems of an endpoint that refuses a body."""

WITH_BODY: Final = {
    413: "The body is larger than MAX_BODY_BYTES.",
    415: "The body isn't JSON.",
}
"""The problems of an endpoint that reads a body."""

KNOWN_USER: Final = "Steven Novak"
"""A user of the bundled sample, for examples."""

KNOWN_ITEM: Final = "cedar raised garden bed by greenwold 4 x 8 feet"
"""An item of the bundled sample, for examples."""

UNKNOWN_USER: Final = "somebody new"
"""A user of no data set, for examples."""


class NameConverter(BaseConverter):
    """The rest of a path with any characters, including slashes and line breaks."""

    regex = "(?s:.+)"
    part_isolating = False
    weight = 300


@dataclass(frozen=True)
class SuccessResponse:
    """The response to a request that succeeds.

    Attributes:
        meaning: What the response contains.
        schema: Its JSON Schema; None if it isn't JSON.
        media_type: Its media type.
        status: Its status code.
    """

    meaning: str
    schema: Schema | None = None
    media_type: str = "application/json"
    status: int = 200


@dataclass(frozen=True)
class RequestExample:
    """A request to try on the bundled sample; api/contract/examples.json has its response.

    Attributes:
        name: Short name, unique within its endpoint.
        summary: What the example shows.
        target: Path and query.
        body: The JSON body; None to send none.
    """

    name: str
    summary: str
    target: str
    body: Any = None


@dataclass(frozen=True, kw_only=True)
class Endpoint:
    """One method of one path.

    Attributes:
        method: GET, POST or DELETE.
        path: The path in Flask's form, as in "/items/<name:item>".
        tag: The group of endpoints that it is documented in.
        summary: What it does, in a few words.
        description: Everything else worth knowing.
        response: The usual response to a request that succeeds.
        other_responses: Responses to requests that succeed in another way.
        problems: The error statuses, and when each occurs.
        parameters: The parameters of the query.
        path_parameters: The parameters of the path.
        body: The members of the JSON body; empty if it takes no body.
        for_operators: Whether it needs ADMIN_TOKEN.
        for_event_sources: Whether it needs EVENTS_TOKEN.
        examples: Requests to try.
    """

    method: str
    path: str
    tag: str
    summary: str
    response: SuccessResponse
    description: str = ""
    other_responses: tuple[SuccessResponse, ...] = ()
    problems: Mapping[int, str] = field(default_factory=lambda: WITH_SNAPSHOT)
    parameters: tuple[Parameter[Any], ...] = ()
    path_parameters: tuple[Parameter[Any], ...] = ()
    body: tuple[Parameter[Any], ...] = ()
    for_operators: bool = False
    for_event_sources: bool = False
    examples: tuple[RequestExample, ...] = ()

    def query(self) -> QueryValues:
        """Decode the query of the current request.

        Raises:
            ProblemError: 400 for a parameter that this endpoint doesn't take, 414 if the
                query is too long.
        """
        return QueryValues(request.query_string.decode("latin-1"), self.query_names)

    def json_body(self, most_bytes: int) -> BodyValues:
        """Decode the JSON body of the current request.

        Args:
            most_bytes: The largest body that is accepted.

        Raises:
            ProblemError: 415 for another media type, 400 if it isn't a JSON object or has a
                member that this endpoint doesn't take.
            RequestEntityTooLarge: 413 for a larger body.
        """
        require_json(request)
        request.max_content_length = most_bytes
        return BodyValues(read_body(request), self.body_names)

    @property
    def token(self) -> str:
        """The setting with the bearer token that it needs; "" for none."""
        return ("ADMIN_TOKEN" * self.for_operators) or ("EVENTS_TOKEN" * self.for_event_sources)

    @cached_property
    def query_names(self) -> dict[str, None]:
        """Names of the query parameters, in order and quick to look up."""
        return dict.fromkeys(each.name for each in self.parameters)

    @cached_property
    def body_names(self) -> dict[str, None]:
        """Names of the members of the body, in order and quick to look up."""
        return dict.fromkeys(each.name for each in self.body)

    def on(self, app: Flask) -> Callable[[View], View]:
        """Return a decorator that routes requests to a view and documents this endpoint."""

        def add(view: View) -> View:
            app.url_map.converters.setdefault("name", NameConverter)
            app.add_url_rule(self.path, view_func=view, methods=[self.method])
            app.extensions.setdefault(EXTENSION, []).append((view.__name__, self))
            return view

        return add


def endpoints_of(app: Flask) -> list[tuple[str, Endpoint]]:
    """List an application's view names and endpoints, in the order of registration."""
    found: list[tuple[str, Endpoint]] = app.extensions.get(EXTENSION, [])
    return found
