"""The kinds of parameters: each checks what came, and says in OpenAPI's words what may come.

A parameter is described once. The same object reads it from a query string or a JSON body
(`api.contract.request_values`) and writes its schema into the document (`api.contract.openapi`), so the two can't differ.
Whatever doesn't fit is a `ProblemError`, never a guess.
"""

from __future__ import annotations

import re
from abc import abstractmethod
from dataclasses import dataclass
from typing import Any, Final, Generic, TypeVar

from api.wsgi.problems import ProblemError

T = TypeVar("T")
Schema = dict[str, Any]

LARGEST_NUMBER: Final = 10**18 - 1
_WHOLE_NUMBER: Final = re.compile(r"[+-]?[0-9]{1,18}", re.ASCII)
_NUMBER: Final = re.compile(
    r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)(e[+-]?[0-9]{1,3})?", re.ASCII | re.IGNORECASE
)
_FLAGS: Final = {"true": True, "false": False}
_BLANKS: Final = r"\t-\r\u001c- \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000"
"""What `str.strip` strips, spelt out, since the \\s of JSON Schema means other characters."""

_TEXT: Final = re.compile(f"[^{_BLANKS}]")
_NAME: Final = re.compile(f"[^{_BLANKS},]")
"""What every name has: a character that isn't just there to separate names."""

_SHOWN_CHARACTERS: Final = 60


@dataclass(frozen=True, kw_only=True)
class Parameter(Generic[T]):
    """One parameter of a request.

    Attributes:
        name: As callers write it.
        meaning: What it decides, for the documentation.
        default: Its value where it isn't given.
        example: A value to try, as JSON has it; None where the default is one.
        required: Whether a request without it is refused.
        suggested: Whether the documentation's forms begin with the example.
    """

    name: str
    meaning: str
    default: T
    example: Any = None
    required: bool = False
    suggested: bool = False

    @abstractmethod
    def decode(self, texts: list[str]) -> Any:
        """Turn the values of a query string into what JSON would have said.

        Raises:
            ProblemError: 400, they can't be.
        """

    @abstractmethod
    def check(self, value: Any) -> T:
        """Take a value as JSON has it.

        Raises:
            ProblemError: 400, of the wrong type or out of range.
        """

    @abstractmethod
    def schema(self) -> Schema:
        """Say in JSON Schema which values `check` takes."""

    def refuse(self, value: Any, expected: str) -> ProblemError:
        """Word the refusal of a value."""
        came = f"{value:,}" if type(value) is int else shown(value)
        return ProblemError(400, f"The parameter '{self.name}' is {came}; {expected}.")

    def single(self, texts: list[str]) -> str:
        """Take the one text there may be, trimmed.

        Raises:
            ProblemError: 400, there are several.
        """
        if len(texts) > 1:
            raise ProblemError(
                400, f"The parameter '{self.name}' came {len(texts)} times; send it once."
            )
        return texts[0].strip()


@dataclass(frozen=True, kw_only=True)
class Names(Parameter[list[str]]):
    """Names of users or items: trimmed, distinct, in the order sent, without empty ones.

    In a query one value is a list separated by commas. Several, as in `users=a&users=b`,
    are one name each, so that a name with a comma can be asked for.

    Attributes:
        most: How many names one request may hold.
        nouns: What they name, for messages.
    """

    most: int
    nouns: str

    def decode(self, texts: list[str]) -> list[str]:
        """Split a single value at its commas."""
        return texts[0].split(",") if len(texts) == 1 else texts

    def check(self, value: Any) -> list[str]:
        """Trim the names, and drop empty ones and repetitions."""
        if not isinstance(value, list) or not all(isinstance(name, str) for name in value):
            raise self.refuse(value, f"expected a list of names, of {self.nouns}")
        names = [name for name in dict.fromkeys(map(str.strip, value)) if _NAME.search(name)]
        if not names:
            raise ProblemError(
                400, f"The parameter '{self.name}' names no {self.nouns}; name at least one."
            )
        if len(names) > self.most:
            raise ProblemError(
                400,
                f"{len(names):,} {self.nouns} came; one request may name {self.most:,}. "
                f"Send several requests.",
            )
        return names

    def schema(self) -> Schema:
        """Describe a list of strings, one of which at least is a name.

        There is no maxItems in it, since repeated names don't count against the cap.
        """
        return {
            "type": "array",
            "items": {"type": "string"},
            "minItems": 1,
            "contains": {"type": "string", "pattern": _NAME.pattern},
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
            return f"expected a whole number from {self.low:,} up"
        return f"expected a whole number from {self.low:,} to {self.high:,}"

    def decode(self, texts: list[str]) -> int:
        """Read digits."""
        text = self.single(texts)
        if not _WHOLE_NUMBER.fullmatch(text):
            raise self.refuse(text, self._expected)
        return int(text)

    def check(self, value: Any) -> int:
        """Hold a number to the range; JSON's 5.0 is 5."""
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
class Number(Parameter[float | None]):
    """A number from `low` to `high`; None where it isn't given."""

    low: float
    high: float
    default: float | None = None

    @property
    def _expected(self) -> str:
        return f"expected a number from {self.low:,} to {self.high:,}"

    def decode(self, texts: list[str]) -> float:
        """Read a decimal number."""
        text = self.single(texts)
        if not _NUMBER.fullmatch(text):
            raise self.refuse(text, self._expected)
        return float(text)

    def check(self, value: Any) -> float:
        """Hold a number to the range."""
        if type(value) not in (int, float) or not self.low <= value <= self.high:
            raise self.refuse(value, self._expected)
        return float(value)

    def schema(self) -> Schema:
        """Describe the range."""
        return {"type": "number", "minimum": self.low, "maximum": self.high}


@dataclass(frozen=True, kw_only=True)
class Flag(Parameter[bool]):
    """`true` or `false`, in a query in any case."""

    def decode(self, texts: list[str]) -> bool:
        """Read one of the two words."""
        text = self.single(texts)
        if text.lower() not in _FLAGS:
            raise self.refuse(text, "allowed are true and false")
        return _FLAGS[text.lower()]

    def check(self, value: Any) -> bool:
        """Take JSON's true and false only."""
        if not isinstance(value, bool):
            raise self.refuse(value, "allowed are true and false")
        return value

    def schema(self) -> Schema:
        """Describe the two words."""
        return {"type": "boolean", "default": self.default}


@dataclass(frozen=True, kw_only=True)
class Text(Parameter[str | None]):
    """One text, trimmed and not empty; None where it isn't given."""

    default: str | None = None

    def decode(self, texts: list[str]) -> str:
        """Take the one value."""
        return self.single(texts)

    def check(self, value: Any) -> str:
        """Refuse what is blank."""
        if not isinstance(value, str) or not _TEXT.search(value):
            raise self.refuse(value, "expected a text that isn't blank")
        return value.strip()

    def schema(self) -> Schema:
        """Describe a text that isn't blank."""
        return {"type": "string", "pattern": _TEXT.pattern}


def shown(value: Any) -> str:
    """Quote what a caller sent for a message, shortened."""
    text = repr(value[: _SHOWN_CHARACTERS + 1] if isinstance(value, str) else value)
    return text if len(text) <= _SHOWN_CHARACTERS + 2 else text[:_SHOWN_CHARACTERS] + "…"
