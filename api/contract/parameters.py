"""The kinds of parameters: each validates values and describes them as JSON Schema."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any, Final

from api.contract.parameter import Parameter, Schema
from api.wsgi.problems import ProblemError
from recsys.cleaning.text import MAX_NAME_LENGTH

LARGEST_NUMBER: Final = 10**18 - 1
_WHOLE_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_NUMBER: Final = re.compile(
    r"[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)(e[+-]?[0-9]{1,3})?", re.ASCII | re.IGNORECASE
)
_FLAGS: Final = {"true": True, "false": False}
_BLANKS: Final = r"\t-\r\u001c- \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""The characters that `str.strip` strips; the \\s of JSON Schema matches a different set."""

_TEXT: Final = re.compile(f"[^{_BLANKS}]")
_NAME: Final = re.compile(f"[^{_BLANKS},]")
"""A character that doesn't just separate names; every name has at least one."""

_STRING: Final[Schema] = {"type": "string", "maxLength": MAX_NAME_LENGTH}


@dataclass(frozen=True, kw_only=True)
class Names(Parameter[list[str]]):
    """Names of users or items: trimmed, distinct, in the order sent, without empty ones.

    A single value in a query is a comma-separated list. Repeated values, as in
    `users=a&users=b`, are one name each, which allows names that contain a comma.

    Attributes:
        most: The largest number of names in one request.
        nouns: The plural of what they name, for messages.
    """

    most: int
    nouns: str

    def decode(self, texts: list[str]) -> list[str]:
        """Split a single value at its commas."""
        return texts[0].split(",") if len(texts) == 1 else texts

    def check(self, value: Any) -> list[str]:
        """Trim the names and drop empty ones and duplicates."""
        if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
            raise self.refuse(value, f"expected a list of names of {self.nouns}")
        for name in value:
            _refuse_long(self.name, name)
        names = [name for name in dict.fromkeys(map(str.strip, value)) if _NAME.search(name)]
        if not names:
            raise ProblemError(
                400, f"The parameter '{self.name}' names no {self.nouns}; name at least one."
            )
        if len(names) > self.most:
            raise ProblemError(
                400,
                f"The request names {len(names):,} {self.nouns}; at most {self.most:,} are allowed. "
                f"Send several requests.",
            )
        return names

    def schema(self) -> Schema:
        """Describe a list of strings of which at least one is a name.

        It has no maxItems because duplicates don't count toward the limit.
        """
        return {
            "type": "array",
            "items": _STRING,
            "minItems": 1,
            "contains": {**_STRING, "pattern": _NAME.pattern},
            "description": f"At most {self.most:,} distinct {self.nouns}.",
        }


@dataclass(frozen=True, kw_only=True)
class WholeNumber(Parameter[int]):
    """A whole number from `low` to `high`."""

    low: int
    high: int = LARGEST_NUMBER

    @property
    def _expected(self) -> str:
        if self.high == LARGEST_NUMBER:
            return f"expected a whole number of at least {self.low:,}"
        return f"expected a whole number from {self.low:,} to {self.high:,}"

    def decode(self, texts: list[str]) -> int:
        """Parse an integer."""
        text = self.single(texts)
        if not _WHOLE_NUMBER.fullmatch(text):
            raise self.refuse(text, self._expected)
        return int(text)

    def check(self, value: Any) -> int:
        """Check the range; JSON's 5.0 counts as 5."""
        if isinstance(value, float) and value.is_integer():
            value = int(value)
        if type(value) is not int or not self.low <= value <= self.high:
            raise self.refuse(value, self._expected)
        return value

    def schema(self) -> Schema:
        """Describe the range."""
        return {
            "type": "integer",
            "minimum": self.low,
            "maximum": self.high,
            "default": self.default,
        }


@dataclass(frozen=True, kw_only=True)
class OptionalWholeNumber(WholeNumber):
    """A whole number; None by default."""

    default: Any = None

    def schema(self) -> Schema:
        """Describe the range."""
        return {name: part for name, part in super().schema().items() if name != "default"}


@dataclass(frozen=True, kw_only=True)
class Number(Parameter[float | None]):
    """A number from `low` to `high`; None by default."""

    low: float
    high: float
    default: float | None = None

    @property
    def _expected(self) -> str:
        return f"expected a number from {self.low:,} to {self.high:,}"

    def decode(self, texts: list[str]) -> float:
        """Parse a decimal number."""
        text = self.single(texts)
        if not _NUMBER.fullmatch(text):
            raise self.refuse(text, self._expected)
        return float(text)

    def check(self, value: Any) -> float:
        """Check the type and the range."""
        if type(value) not in (int, float) or not self.low <= value <= self.high:
            raise self.refuse(value, self._expected)
        return float(value)

    def schema(self) -> Schema:
        """Describe the range."""
        return {"type": "number", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True, kw_only=True)
class Flag(Parameter[bool]):
    """`true` or `false`, case-insensitive in a query."""

    def decode(self, texts: list[str]) -> bool:
        """Parse one of the two words."""
        text = self.single(texts)
        if text.lower() not in _FLAGS:
            raise self.refuse(text, "expected true or false")
        return _FLAGS[text.lower()]

    def check(self, value: Any) -> bool:
        """Accept only JSON's true and false."""
        if not isinstance(value, bool):
            raise self.refuse(value, "expected true or false")
        return value

    def schema(self) -> Schema:
        """Describe a boolean with its default."""
        return {"type": "boolean", "default": self.default}


@dataclass(frozen=True, kw_only=True)
class Text(Parameter[str | None]):
    """A name as trimmed text that isn't blank; None by default."""

    default: str | None = None

    def decode(self, texts: list[str]) -> str:
        """Return the only value."""
        return self.single(texts)

    def check(self, value: Any) -> str:
        """Refuse blank text."""
        if not isinstance(value, str) or not _TEXT.search(value):
            raise self.refuse(value, "expected text that isn't blank")
        return self.bounded(value).strip()

    def bounded(self, text: str) -> str:
        """Return a text as it stands, such as the rest of a path, if it is short enough.

        Raises:
            ProblemError: 400 for more than `MAX_NAME_LENGTH` characters.
        """
        _refuse_long(self.name, text)
        return text

    def schema(self) -> Schema:
        """Describe a text that isn't blank."""
        return {**_STRING, "pattern": _TEXT.pattern}


def _refuse_long(parameter: str, name: str) -> None:
    """Refuse a name that is longer than any in the data, before anything is done with it."""
    if len(name) > MAX_NAME_LENGTH:
        raise ProblemError(
            400,
            f"The parameter '{parameter}' has a name of {len(name):,} characters; at most "
            f"{MAX_NAME_LENGTH:,} are allowed.",
        )
