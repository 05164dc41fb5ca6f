"""The values that a request sends in its query or its body, read by `Parameter`s."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, KeysView
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import parse_qsl

from flask import Request

from api.contract.parameter import Parameter, shown
from api.wsgi.problems import ProblemError

T = TypeVar("T")

MAX_QUERY_BYTES: Final = 60_000
"""The longest query accepted; the server itself refuses URLs from 65,534 bytes on (414)."""

MAX_EMPTY_BODY_BYTES: Final = 16_384
"""The largest body read by an endpoint that takes none."""


class RequestValues(Protocol):
    """The values of one request, by parameter."""

    @property
    def names(self) -> KeysView[str]:
        """Names of the parameters that the request has."""

    def read(self, parameter: Parameter[T]) -> T:
        """Return the validated value of a parameter, or its default if the request has none.

        Raises:
            ProblemError: 400 if the value is invalid, or missing although it is required.
        """


class QueryValues:
    """Decoded query parameters: the values of each name, in the order sent."""

    def __init__(self, query_string: str, allowed: Collection[str]) -> None:
        """Decode a raw query string in the form of WSGI's QUERY_STRING.

        Raises:
            ProblemError: 414 for more than `MAX_QUERY_BYTES`, 400 for a name that isn't
                allowed.
        """
        if len(query_string) > MAX_QUERY_BYTES:
            raise ProblemError(
                414,
                f"The query has {len(query_string):,} bytes; at most {MAX_QUERY_BYTES:,} are "
                f"allowed. Ask for less at once, or use POST where there is one.",
            )
        if not query_string.isascii():  # WSGI passes raw bytes as latin-1 characters
            query_string = query_string.encode("latin-1", "replace").decode("utf-8", "replace")
        self._texts: dict[str, list[str]] = {}
        for name, value in parse_qsl(query_string, keep_blank_values=True):
            self._texts.setdefault(name, []).append(value)
        _refuse_unknown(self._texts, allowed)

    @property
    def names(self) -> KeysView[str]:
        """Names of the parameters in the query."""
        return self._texts.keys()

    def read(self, parameter: Parameter[T]) -> T:
        """Return the validated value of a parameter; see `RequestValues.read`."""
        texts = self._texts.get(parameter.name)
        if texts is not None:
            return parameter.check(parameter.decode(texts))
        if parameter.required:
            name = parameter.name
            raise ProblemError(400, f"The parameter '{name}' is missing; send {name}=NAME.")
        return parameter.default


class BodyValues:
    """The members of a JSON object."""

    def __init__(self, body: bytes, allowed: Collection[str]) -> None:
        """Decode a request body.

        Raises:
            ProblemError: 400 if the body isn't a JSON object in UTF-8 or has a member that
                isn't allowed.
        """
        members = load_json(body)
        if not isinstance(members, dict):
            raise ProblemError(400, 'The body is not a JSON object; send {"NAME": VALUE, …}.')
        self._members: dict[str, Any] = members
        _refuse_unknown(members, allowed)

    @property
    def names(self) -> KeysView[str]:
        """Names of the members of the body."""
        return self._members.keys()

    def read(self, parameter: Parameter[T]) -> T:
        """Return the validated value of a member; see `RequestValues.read`."""
        if parameter.name in self._members:
            return parameter.check(self._members[parameter.name])
        if parameter.required:
            raise ProblemError(400, f"The body lacks the required member '{parameter.name}'.")
        return parameter.default


def load_json(body: bytes) -> Any:
    """Decode JSON.

    Raises:
        ProblemError: 400 if the body isn't JSON in UTF-8.
    """
    try:
        return json.loads(body)
    except RecursionError:
        raise ProblemError(400, "The body is JSON nested too deeply to be read.") from None
    except ValueError as error:
        raise ProblemError(400, f"The body is not JSON in UTF-8: {error}.") from None


def require_json(request: Request) -> None:
    """Refuse a body that isn't declared as JSON.

    Raises:
        ProblemError: 415 for any other media type.
    """
    if request.mimetype != "application/json":
        kind = shown(request.mimetype) if request.mimetype else "missing"
        raise ProblemError(415, f"The Content-Type is {kind}; expected application/json.")


def read_body(request: Request) -> bytes:
    """Read a body to its end.

    Raises:
        ProblemError: 400 if it ends before the announced length.
        RequestEntityTooLarge: 413 if it is longer than the request's `max_content_length`.
    """
    body = request.get_data()
    announced = request.content_length
    if announced is not None and announced != len(body):
        raise ProblemError(
            400, f"The body ended after {len(body):,} of {announced:,} bytes; send it again."
        )
    return body


def refuse_body(request: Request) -> None:
    """Accept no body, or an empty JSON object, which some clients always send.

    Raises:
        ProblemError: 415 for a body that isn't JSON, 400 for JSON that isn't empty.
        RequestEntityTooLarge: 413 for more than `MAX_EMPTY_BODY_BYTES`.
    """
    body = read_body(request)
    if not body:
        return
    require_json(request)
    if load_json(body) not in ({}, None):
        raise ProblemError(400, "This endpoint takes no request body; send none.")


def _refuse_unknown(names: Iterable[str], allowed: Collection[str]) -> None:
    for name in names:
        if name not in allowed:
            expected = f"allowed: {', '.join(allowed)}" if allowed else "this endpoint takes none"
            raise ProblemError(400, f"The parameter {shown(name)} is unknown; {expected}.")
