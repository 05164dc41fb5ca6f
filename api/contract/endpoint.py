"""One endpoint, described once: what the route checks is what the documentation says.

A resource builds its `Endpoint`s in `register`, reads requests through them and puts its
views on them:

    endpoint = Endpoint("GET", "/check_users", parameters=(users,), …)

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

from api.contract.parameters import Parameter, Schema
from api.contract.request_values import Query

View = Callable[..., ResponseReturnValue]

ALWAYS: Final = {
    400: "A parameter is unknown, comes too often, or has a value that isn't allowed.",
    429: "More requests came from one address than RATE_LIMIT allows (Retry-After).",
    500: "Something unexpected happened.",
}
WITH_SNAPSHOT: Final = ALWAYS | {
    414: "The query is too long.",
    503: "Nothing is loaded yet.",
}
"""What every endpoint that answers from a snapshot may refuse."""


class NameConverter(BaseConverter):
    """The rest of a path, whatever characters it has, slashes and line breaks too."""

    regex = "(?s:.+)"
    part_isolating = False
    weight = 300


@dataclass(frozen=True)
class Answer:
    """A good answer.

    Attributes:
        meaning: What it says.
        schema: Its form, in JSON Schema; None for no JSON.
        media_type: Its type.
        status: Its status.
    """

    meaning: str
    schema: Schema | None = None
    media_type: str = "application/json"
    status: int = 200


@dataclass(frozen=True)
class Example:
    """A request to try on the bundled sample; its true answer is in api/contract/examples.json.

    Attributes:
        name: Short, unique within its endpoint.
        summary: What it shows.
        target: Path and query.
        body: What it sends, if anything.
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
        path: In Flask's form, as in "/items/<name:item>".
        tag: The group of endpoints it is shown in.
        summary: What it does, in a few words.
        description: What else there is to know.
        answer: The good answer.
        also: Other good answers, of other statuses.
        problems: Status of each problem, and when it happens.
        parameters: What its query may hold.
        path_parameters: What its path holds.
        body: The members of its JSON body; none where it takes no body.
        for_operators: Whether it needs ADMIN_TOKEN.
        examples: Requests to try.
    """

    method: str
    path: str
    tag: str
    summary: str
    answer: Answer
    description: str = ""
    also: tuple[Answer, ...] = ()
    problems: Mapping[int, str] = field(default_factory=lambda: WITH_SNAPSHOT)
    parameters: tuple[Parameter[Any], ...] = ()
    path_parameters: tuple[Parameter[Any], ...] = ()
    body: tuple[Parameter[Any], ...] = ()
    for_operators: bool = False
    examples: tuple[Example, ...] = ()

    def query(self) -> Query:
        """Decode the query of the request at hand.

        Raises:
            ProblemError: It holds what this endpoint doesn't take.
        """
        return Query(request.query_string.decode("latin-1"), self.query_names)

    @cached_property
    def query_names(self) -> dict[str, None]:
        """Names of the parameters of the query, in order, quick to look up."""
        return dict.fromkeys(each.name for each in self.parameters)

    @cached_property
    def body_names(self) -> dict[str, None]:
        """Names of the members of the body."""
        return dict.fromkeys(each.name for each in self.body)

    def on(self, app: Flask) -> Callable[[View], View]:
        """Route requests to a view, and list this endpoint in the documentation."""

        def add(view: View) -> View:
            app.url_map.converters.setdefault("name", NameConverter)
            app.add_url_rule(self.path, view_func=view, methods=[self.method])
            app.extensions.setdefault(EXTENSION, []).append((view.__name__, self))
            return view

        return add


EXTENSION: Final = "endpoints"


def endpoints_of(app: Flask) -> list[tuple[str, Endpoint]]:
    """List the endpoints of an application and the names of their views, as registered."""
    found: list[tuple[str, Endpoint]] = app.extensions.get(EXTENSION, [])
    return found
