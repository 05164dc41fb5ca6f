"""The events of a request, read one by one, so that one that is wrong keeps no other back."""

from __future__ import annotations

import re
import time
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Final, NamedTuple

from api.contract.parameter import Parameter, Schema, shown
from api.contract.parameters import Text
from api.contract.schemas import COUNT, NAME, record
from api.wsgi.problems import ProblemError
from classes.rules.parsing import TIME_PATTERN
from recsys.cleaning.text import MAX_NAME_LENGTH
from recsys.kinds import KINDS, REVIEW
from storage.events.store import LARGEST_SKEW_US

MOST_EVENTS: Final = 1_000
LONGEST_ID: Final = 200
EARLIEST_YEAR: Final = 1995
"""Older times are mistakes: no shop's reviews are that old."""

LOWEST_VALUE: Final = 1
HIGHEST_VALUE: Final = 5

_EARLIEST_S: Final = int(datetime(EARLIEST_YEAR, 1, 1, tzinfo=UTC).timestamp())
_TIME: Final = re.compile(TIME_PATTERN)
_REQUIRED: Final = ("user", "item", "kind", "time")
_MEMBERS: Final = (*_REQUIRED, "value", "id")
_UNSTORABLE: Final = re.compile("[\0\ud800-\udfff]")


class Refusal(NamedTuple):
    """Why an event isn't taken."""

    problem: str


class SentEvent(NamedTuple):
    """An event as sent, before its user and its item are looked up.

    Attributes:
        user: The name of the user, trimmed.
        item: The name of the item, trimmed.
        kind: The code of its kind.
        time_us: When it happened, in microseconds since 1970.
        value: The rating of a review; None for all other kinds.
        id: What the sender calls it; None for no name.
    """

    user: str
    item: str
    kind: int
    time_us: int
    value: float | None
    id: str | None


class _RefusedError(Exception):
    """An event can't be taken; the message says why."""


@dataclass(frozen=True, kw_only=True)
class EventList(Parameter[list[SentEvent | Refusal]]):
    """Events in a JSON body; a query can't hold any."""

    default: list[SentEvent | Refusal] = field(default_factory=list)

    def decode(self, texts: list[str]) -> Any:
        """Refuse a query."""
        raise self.refuse(texts, "expected in a JSON body")

    def check(self, value: Any) -> list[SentEvent | Refusal]:
        """Read each event, or say what is wrong with it."""
        if not isinstance(value, list) or not value:
            raise self.refuse(value, "expected a list of events")
        if len(value) > MOST_EVENTS:
            raise ProblemError(
                400,
                f"The request has {len(value):,} events; at most {MOST_EVENTS:,} are allowed. "
                f"Send several requests.",
            )
        latest_us = time.time_ns() // 1_000 + LARGEST_SKEW_US
        return [_read(each, latest_us) for each in value]

    def schema(self) -> Schema:
        """Describe a list of events."""
        items = {"$ref": "#/components/schemas/Event"}
        return {"type": "array", "items": items, "minItems": 1, "maxItems": MOST_EVENTS}


def _read(value: Any, latest_us: int) -> SentEvent | Refusal:
    try:
        _require_members(value)
        kind = _kind(value["kind"])
        return SentEvent(
            _name("user", value["user"]),
            _name("item", value["item"]),
            kind,
            _time_us(value["time"], latest_us),
            _value(kind, value.get("value")),
            _id(value.get("id")),
        )
    except _RefusedError as error:
        return Refusal(str(error))


def _require_members(value: Any) -> None:
    if not isinstance(value, dict):
        raise _RefusedError(f"It is {shown(value)}; expected a JSON object.")
    for name in value:
        if name not in _MEMBERS:
            raise _RefusedError(
                f"The member {shown(name)} is unknown; allowed: {', '.join(_MEMBERS)}."
            )
    for name in _REQUIRED:
        if value.get(name) is None:
            raise _RefusedError(f"The member '{name}' is missing; it is required.")


def _name(member: str, value: Any) -> str:
    return _text(member, value, MAX_NAME_LENGTH)


def _id(value: Any) -> str | None:
    return None if value is None else _text("id", value, LONGEST_ID)


def _text(member: str, value: Any, longest: int) -> str:
    if not isinstance(value, str) or not value.strip():
        raise _expected(member, value, "text that isn't blank")
    if len(value) > longest:
        raise _RefusedError(
            f"The '{member}' has {len(value):,} characters; at most {longest:,} are allowed."
        )
    if _UNSTORABLE.search(value):
        raise _expected(member, value, "text without null characters and halves of characters")
    return value.strip()


def _kind(value: Any) -> int:
    if not isinstance(value, str) or value not in KINDS:
        raise _expected("kind", value, f"one of {', '.join(KINDS)}")
    return KINDS.index(value)


def _time_us(value: Any, latest_us: int) -> int:
    time_us = _microseconds(value)
    if time_us is None:
        what = "seconds since 1970, or a time with its zone, such as 2026-12-24T18:00:00Z"
        raise _expected("time", value, what)
    if time_us < _EARLIEST_S * 1_000_000:
        raise _expected("time", value, f"a time since {EARLIEST_YEAR}")
    if time_us > latest_us:
        minutes = LARGEST_SKEW_US // 60_000_000
        raise _expected("time", value, f"a time at most {minutes} minutes from now")
    return time_us


def _microseconds(value: Any) -> int | None:
    try:
        if isinstance(value, int | float) and not isinstance(value, bool):
            return round(value * 1_000_000)
        if isinstance(value, str) and _TIME.fullmatch(value):
            since = datetime.fromisoformat(value) - datetime(1970, 1, 1, tzinfo=UTC)
            return (since.days * 86_400 + since.seconds) * 1_000_000 + since.microseconds
    except (ValueError, OverflowError):  # no such day or hour, or no number
        pass
    return None


def _value(kind: int, value: Any) -> float | None:
    if kind != REVIEW:
        if value is not None:
            raise _expected("value", value, f"none, since only a {KINDS[REVIEW]} has one")
        return None
    if type(value) not in (int, float) or not LOWEST_VALUE <= value <= HIGHEST_VALUE:
        raise _expected("value", value, f"a rating from {LOWEST_VALUE} to {HIGHEST_VALUE}")
    return float(value)


def _expected(member: str, value: Any, what: str) -> _RefusedError:
    came = "missing" if value is None else shown(value)
    return _RefusedError(f"The '{member}' is {came}; expected {what}.")


_ANY_TEXT: Final = Text(name="text", meaning="").schema()

_EVENT: Final[Schema] = {
    "type": "object",
    "description": "Something that a user did with an item.",
    "properties": {
        "user": {**_ANY_TEXT, "description": "The user, known or new; found as elsewhere."},
        "item": {**_ANY_TEXT, "description": "The item, exactly as in responses."},
        "kind": {
            "type": "string",
            "enum": list(KINDS),
            "description": (
                "`hide` takes the item out of this user's lists and ranks those like it lower. "
                "`remove` takes back what the user did with the item before."
            ),
        },
        "time": {
            "type": ["string", "number"],
            "pattern": TIME_PATTERN,
            "minimum": _EARLIEST_S,
            "description": (
                "When it happened, with a zone: `2026-12-24T18:00:00Z`; or seconds since 1970. At "
                "most five minutes from now."
            ),
        },
        "value": {
            "type": ["number", "null"],
            "minimum": LOWEST_VALUE,
            "maximum": HIGHEST_VALUE,
            "description": "The rating; a `review` must have one, and nothing else may.",
        },
        "id": {
            **_ANY_TEXT,
            "type": ["string", "null"],
            "maxLength": LONGEST_ID,
            "description": "The sender's name for the event: sent again, it isn't counted again.",
        },
    },
    "required": list(_REQUIRED),
    "additionalProperties": False,
}

EVENT_SCHEMAS: Final[dict[str, Schema]] = {
    "Event": _EVENT,
    "RefusedEvent": record(
        index={**COUNT, "description": "The event's place in the request, from 0."},
        problem={**NAME, "description": "What came, what was expected and what to do."},
    ),
}
