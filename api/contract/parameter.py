"""A parameter of a request, described once for checking requests and for documenting them.

The same object reads it from a query string or a JSON body (`api.contract.request_values`)
and writes its schema into the document (`api.contract.openapi`), so the two can't disagree.
A value that doesn't fit raises a `ProblemError`; nothing is guessed.
"""

from __future__ import annotations

from abc import abstractmethod
from dataclasses import dataclass
from reprlib import Repr
from typing import Any, Final, Generic, TypeVar

from api.wsgi.problems import ProblemError

T = TypeVar("T")
Schema = dict[str, Any]

_SHOWN_CHARACTERS: Final = 60
_LONG_NUMBER: Final = 10**18

_REPR: Final = Repr()
_REPR.maxlevel = 3
_REPR.maxlist = _REPR.maxdict = _SHOWN_CHARACTERS // 3  # of "1, ", no more would be shown
_REPR.maxstring = _REPR.maxlong = _REPR.maxother = 2 * _SHOWN_CHARACTERS


@dataclass(frozen=True, kw_only=True)
class Parameter(Generic[T]):
    """One parameter of a request.

    Attributes:
        name: The name that callers use.
        meaning: What it does, for the documentation.
        default: The value when the request doesn't have it.
        example: A JSON value to try; None if the default will do.
        required: Whether a request without it is refused.
        suggested: Whether the documentation's forms are filled in with the example.
    """

    name: str
    meaning: str
    default: T
    example: Any = None
    required: bool = False
    suggested: bool = False

    @abstractmethod
    def decode(self, texts: list[str]) -> Any:
        """Convert the values from a query string to the value that JSON would have.

        Raises:
            ProblemError: 400 if they can't be converted.
        """

    @abstractmethod
    def check(self, value: Any) -> T:
        """Validate a JSON value and return it in its final form.

        Raises:
            ProblemError: 400 if it has the wrong type or is out of range.
        """

    @abstractmethod
    def schema(self) -> Schema:
        """Return the JSON Schema of the values that `check` accepts."""

    def refuse(self, value: Any, expected: str) -> ProblemError:
        """Return the error for a value that isn't accepted."""
        is_short = type(value) is int and abs(value) < _LONG_NUMBER
        text = f"{value:,}" if is_short else shown(value)
        return ProblemError(400, f"The parameter '{self.name}' is {text}; {expected}.")

    def single(self, texts: list[str]) -> str:
        """Return the only value, trimmed.

        Raises:
            ProblemError: 400 if there are several.
        """
        if len(texts) > 1:
            raise ProblemError(
                400, f"The parameter '{self.name}' was sent {len(texts)} times; send it once."
            )
        return texts[0].strip()


def shown(value: Any) -> str:
    """Quote a value from a request for a message, shortened if long."""
    text = repr(value[: _SHOWN_CHARACTERS + 1]) if isinstance(value, str) else _REPR.repr(value)
    return text if len(text) <= _SHOWN_CHARACTERS + 2 else text[:_SHOWN_CHARACTERS] + "…"
