"""Reading query parameters and bodies; whatever doesn't fit is a `ProblemError`, never a guess."""

from __future__ import annotations

import json
import re
from collections.abc import Sequence
from typing import Final
from urllib.parse import parse_qsl

from flask import Request

from api.problems import ProblemError

Query = dict[str, list[str]]
"""Decoded query parameters: the values of each name, in the order sent."""

MAX_QUERY_BYTES: Final = 60_000
"""Longest query answered; from 65,534 bytes of URL on, the server itself refuses (414)."""

MAX_BODY_BYTES: Final = 16_384
"""Largest body looked at; no endpoint needs one."""

_WHOLE_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_FLAGS: Final = {"true": True, "false": False}
_SHOWN_CHARACTERS: Final = 60


def parse_query(query_string: str, allowed: Sequence[str]) -> Query:
    """Decode a raw query string, as WSGI's QUERY_STRING has it.

    Raises:
        ProblemError: 414 for a query longer than `MAX_QUERY_BYTES`, 400 for a parameter
            that isn't `allowed`.
    """
    if len(query_string) > MAX_QUERY_BYTES:
        raise ProblemError(
            414,
            f"The query has {len(query_string):,} bytes; allowed are {MAX_QUERY_BYTES:,}. "
            f"Ask for fewer users at once.",
        )
    if not query_string.isascii():  # WSGI hands raw bytes over as latin-1 characters
        query_string = query_string.encode("latin-1", "replace").decode("utf-8", "replace")
    query: Query = {}
    for name, value in parse_qsl(query_string, keep_blank_values=True):
        if name not in allowed:
            expected = f"allowed: {', '.join(allowed)}" if allowed else "there are none here"
            raise ProblemError(400, f"The parameter {shown(name)} is unknown; {expected}.")
        query.setdefault(name, []).append(value)
    return query


def parse_users(query: Query, most: int) -> list[str]:
    """Read the users asked for: trimmed, distinct, in the order asked.

    One `users` is a list separated by commas. Several, as in `users=a&users=b`, are one
    name each, so that a name with a comma can be asked for.

    Raises:
        ProblemError: 400 when nobody is named, or more than `most` users are.
    """
    values = query.get("users")
    if values is None:
        raise ProblemError(400, "The parameter 'users' is missing; send users=NAME,NAME.")
    names = values[0].split(",") if len(values) == 1 else values
    users = [name for name in dict.fromkeys(map(str.strip, names)) if name]
    if not users:
        raise ProblemError(400, "The parameter 'users' names nobody; send users=NAME,NAME.")
    if len(users) > most:
        raise ProblemError(
            400, f"{len(users):,} users came; one request may name {most:,}. Send several requests."
        )
    return users


def parse_whole_number(query: Query, name: str, default: int, low: int) -> int:
    """Read a whole number of at least `low`, `default` where it isn't given.

    Raises:
        ProblemError: 400 when it is no whole number, too small, or given twice.
    """
    text = _single(query, name)
    if text is None:
        return default
    expected = f"expected a whole number from {low:,} up"
    if not _WHOLE_NUMBER.fullmatch(text):
        raise ProblemError(400, f"The parameter '{name}' is {shown(text)}; {expected}.")
    if int(text) < low:
        raise ProblemError(400, f"The parameter '{name}' is {int(text):,}; {expected}.")
    return int(text)


def parse_flag(query: Query, name: str, default: bool) -> bool:
    """Read `true` or `false`, in any case, `default` where it isn't given.

    Raises:
        ProblemError: 400 for any other value, or one given twice.
    """
    text = _single(query, name)
    if text is None:
        return default
    if text.lower() not in _FLAGS:
        raise ProblemError(
            400, f"The parameter '{name}' is {shown(text)}; allowed are true and false."
        )
    return _FLAGS[text.lower()]


def refuse_body(request: Request) -> None:
    """Accept no body or an empty JSON object, which some clients always send.

    Raises:
        ProblemError: 415 for a body that isn't JSON, 400 for JSON that says something.
        RequestEntityTooLarge: 413 for more than `MAX_BODY_BYTES`.
    """
    body = request.get_data()
    if not body:
        return
    if request.mimetype != "application/json":
        kind = shown(request.mimetype) if request.mimetype else "without a type"
        raise ProblemError(415, f"A body {kind} came; send none, or application/json with {{}}.")
    try:
        empty = json.loads(body) in ({}, None)
    except (ValueError, RecursionError):
        empty = False
    if not empty:
        raise ProblemError(400, "The body says something, but there is nothing to say; send none.")


def shown(value: str) -> str:
    """Quote what a caller sent for a message, shortened."""
    cut = value if len(value) <= _SHOWN_CHARACTERS else value[:_SHOWN_CHARACTERS] + "…"
    return repr(cut)


def _single(query: Query, name: str) -> str | None:
    values = query.get(name, [])
    if len(values) > 1:
        raise ProblemError(400, f"The parameter '{name}' came {len(values)} times; send it once.")
    return values[0].strip() if values else None
