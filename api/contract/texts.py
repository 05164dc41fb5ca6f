"""Parameters that take one text or several, any of which may hold, or a short one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

from api.contract.parameter import Parameter, Schema
from api.contract.parameters import Text
from api.wsgi.problems import ProblemError


@dataclass(frozen=True, kw_only=True)
class Texts(Parameter[list[str]]):
    """Trimmed, distinct texts in the order sent: a text, or a list of them in a body.

    In a query each is sent by itself, as in `category=a&category=b`, since texts may have
    commas.

    Attributes:
        most: The largest number of texts in one request.
        nouns: The plural of what they name, for messages.
    """

    most: int
    nouns: str

    @property
    def _one(self) -> Text:
        return Text(name=self.name, meaning=self.meaning)

    def decode(self, texts: list[str]) -> Any:
        """Return a single value as a text, several as a list."""
        return texts if len(texts) > 1 else texts[0].strip()

    def check(self, value: Any) -> list[str]:
        """Check each text, and drop duplicates."""
        given = value if isinstance(value, list) else [value]
        if not given:
            raise self.refuse(value, f"expected at least one of the {self.nouns}")
        texts = list(dict.fromkeys(map(self._one.check, given)))
        if len(texts) > self.most:
            raise ProblemError(
                400,
                f"The request names {len(texts):,} {self.nouns}; at most {self.most:,} are allowed.",
            )
        return texts

    def schema(self) -> Schema:
        """Describe a text or a list of texts; duplicates don't count toward the limit."""
        one = self._one.schema()
        return {**one, "type": ["string", "array"], "items": one, "minItems": 1}


@dataclass(frozen=True, kw_only=True)
class ShortText(Text):
    """A text that isn't blank, of at most `most` characters."""

    most: int

    def bounded(self, text: str) -> str:
        """Refuse a text that is too long."""
        if len(text) > self.most:
            raise ProblemError(
                400,
                f"The parameter '{self.name}' has {len(text):,} characters; at most {self.most:,} "
                f"are allowed.",
            )
        return text

    def schema(self) -> Schema:
        """Describe the text and its length."""
        return {**super().schema(), "maxLength": self.most}
