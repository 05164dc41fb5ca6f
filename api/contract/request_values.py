"""The values that a request sends in its query or its body, read by `Parameter`s."""

from __future__ import annotations

import json
from abc import ABC, abstractmethod
from collections.abc import Collection, KeysView, Mapping
from typing import Any, Final, TypeVar
from urllib.parse import parse_qsl

from flask import Request

from api.contract.parameter import Parameter, shown
from api.wsgi.problems import ProblemError

T = TypeVar("T")

MAX_QUERY_BYTES: Final = 60_000
"""The longest query accepted; the server itself refuses URLs from 65,534 bytes on (414)."""

MAX_EMPTY_BODY_BYTES: Final = 16_384
"""The largest body read by an endpoint that takes none."""


class RequestValues(ABC):
    """The values of one request, by the names of their parameters."""

    def __init__(self, values: Mapping[str, Any], allowed: Collection[str]) -> None:
        """Keep decoded values.

        Raises:
            ProblemError: 400 for a name that isn't allowed.
        """
        for name in values:
            if name not in allowed:
                expected = (
                    f"allowed: {', '.join(allowed)}" if allowed else "this endpoint takes none"
                )
                raise ProblemError(400, f"The parameter {shown(name)} is unknown; {expected}.")
        self._values = values

    @property
    def names(self) -> KeysView[str]:
        """Names of the parameters that the request has."""
        return self._values.keys()

    def read(self, parameter: Parameter[T]) -> T:
        """Return the validated value of a parameter, or its default if the request has none.

        Raises:
            ProblemError: 400 if the value is invalid, or missing although it is required.
        """
        if parameter.name in self._values:
            return parameter.check(self._json_value(parameter))
        if parameter.required:
            raise ProblemError(400, f"The parameter '{parameter.name}' is missing; it is required.")
        return parameter.default

    @abstractmethod
    def _json_value(self, parameter: Parameter[Any]) -> Any:
        """Return the value of a parameter that the request has, as JSON would have it."""


class QueryValues(RequestValues):
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
        texts: dict[str, list[str]] = {}
        for name, value in parse_qsl(query_string, keep_blank_values=True):
            texts.setdefault(name, []).append(value)
        super().__init__(texts, allowed)

    def _json_value(self, parameter: Parameter[Any]) -> Any:
        return parameter.decode(self._values[parameter.name])


class BodyValues(RequestValues):
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
        super().__init__(members, allowed)

    def _json_value(self, parameter: Parameter[Any]) -> Any:
        return self._values[parameter.name]


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
