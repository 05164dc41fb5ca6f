"""What a request brought, in its query or its body, to be read by `Parameter`s."""

from __future__ import annotations

import json
from collections.abc import Collection, Iterable, KeysView
from typing import Any, Final, Protocol, TypeVar
from urllib.parse import parse_qsl

from flask import Request

from api.contract.parameters import Parameter, shown
from api.wsgi.problems import ProblemError

T = TypeVar("T")

MAX_QUERY_BYTES: Final = 60_000
"""Longest query answered; from 65,534 bytes of URL on, the server itself refuses (414)."""

MAX_EMPTY_BODY_BYTES: Final = 16_384
"""Largest body looked at where none is needed."""


class Given(Protocol):
    """A source of parameters."""

    @property
    def names(self) -> KeysView[str]:
        """Names of what was given."""

    def read(self, parameter: Parameter[T]) -> T:
        """Give the checked value of a parameter, its default where it isn't there.

        Raises:
            ProblemError: 400, the value doesn't fit, or a required one is missing.
        """


class Query:
    """Decoded query parameters: the values of each name, in the order sent."""

    def __init__(self, query_string: str, allowed: Collection[str]) -> None:
        """Decode a raw query string, as WSGI's QUERY_STRING has it.

        Raises:
            ProblemError: 414 for more than `MAX_QUERY_BYTES`, 400 for a name that isn't
                allowed.
        """
        if len(query_string) > MAX_QUERY_BYTES:
            raise ProblemError(
                414,
                f"The query has {len(query_string):,} bytes; allowed are {MAX_QUERY_BYTES:,}. "
                f"Ask for less at once, or send what POST takes as a body.",
            )
        if not query_string.isascii():  # WSGI hands raw bytes over as latin-1 characters
            query_string = query_string.encode("latin-1", "replace").decode("utf-8", "replace")
        self._texts: dict[str, list[str]] = {}
        for name, value in parse_qsl(query_string, keep_blank_values=True):
            self._texts.setdefault(name, []).append(value)
        _refuse_unknown(self._texts, allowed)

    @property
    def names(self) -> KeysView[str]:
        """Names of what was given."""
        return self._texts.keys()

    def read(self, parameter: Parameter[T]) -> T:
        """Give the checked value of a parameter, as `Given` says."""
        texts = self._texts.get(parameter.name)
        if texts is not None:
            return parameter.check(parameter.decode(texts))
        if parameter.required:
            name = parameter.name
            raise ProblemError(400, f"The parameter '{name}' is missing; send {name}=NAME.")
        return parameter.default


class Body:
    """The members of a JSON object."""

    def __init__(self, body: bytes, allowed: Collection[str]) -> None:
        """Decode the bytes of a body.

        Raises:
            ProblemError: 400 for what is no JSON object in UTF-8, or has a member that
                isn't allowed.
        """
        members = load_json(body)
        if not isinstance(members, dict):
            raise ProblemError(400, 'The body is JSON, but no object; send {"NAME": VALUE, …}.')
        self._members: dict[str, Any] = members
        _refuse_unknown(members, allowed)

    @property
    def names(self) -> KeysView[str]:
        """Names of what was given."""
        return self._members.keys()

    def read(self, parameter: Parameter[T]) -> T:
        """Give the checked value of a member, as `Given` says."""
        if parameter.name in self._members:
            return parameter.check(self._members[parameter.name])
        if parameter.required:
            raise ProblemError(400, f"The body has no member '{parameter.name}', and needs one.")
        return parameter.default


def load_json(body: bytes) -> Any:
    """Decode JSON.

    Raises:
        ProblemError: 400, it is none.
    """
    try:
        return json.loads(body)
    except RecursionError:
        raise ProblemError(400, "The body is JSON nested too deeply to be read.") from None
    except ValueError as error:
        raise ProblemError(400, f"The body is no JSON in UTF-8: {error}.") from None


def need_json(request: Request) -> None:
    """Take a body only where it says that it is JSON.

    Raises:
        ProblemError: 415.
    """
    if request.mimetype != "application/json":
        kind = shown(request.mimetype) if request.mimetype else "without a type"
        raise ProblemError(415, f"A body {kind} came; expected is Content-Type: application/json.")


def body_of(request: Request) -> bytes:
    """Read a body to its end.

    Raises:
        ProblemError: 400, it ended before all that was announced had come.
        RequestEntityTooLarge: 413 for more than the request's `max_content_length`.
    """
    body = request.get_data()
    announced = request.content_length
    if announced is not None and announced != len(body):
        raise ProblemError(
            400, f"The body ended after {len(body):,} of {announced:,} bytes; send it again."
        )
    return body


def refuse_body(request: Request) -> None:
    """Accept no body or an empty JSON object, which some clients always send.

    Raises:
        ProblemError: 415 for a body that isn't JSON, 400 for JSON that says something.
        RequestEntityTooLarge: 413 for more than `MAX_EMPTY_BODY_BYTES`.
    """
    body = body_of(request)
    if not body:
        return
    need_json(request)
    if load_json(body) not in ({}, None):
        raise ProblemError(400, "The body says something, but there is nothing to say; send none.")


def _refuse_unknown(came: Iterable[str], allowed: Collection[str]) -> None:
    for name in came:
        if name not in allowed:
            expected = f"allowed: {', '.join(allowed)}" if allowed else "there are none here"
            raise ProblemError(400, f"The parameter {shown(name)} is unknown; {expected}.")
