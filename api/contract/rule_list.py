"""The rules of a request, and how the documentation describes a rule."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any, Final

from api.contract.parameter import Parameter, Schema
from api.contract.parameters import Text
from classes.rules.parsing import MOST_RULES, TIME_PATTERN, parse_rules
from classes.rules.rule import (
    BOOST,
    BURY,
    HIDE,
    LARGEST_STEP,
    LAST_PLACE,
    MOST_ID_LENGTH,
    MOST_ITEMS,
    MOST_NOTE_LENGTH,
    PIN,
    Rule,
)
from recsys.cleaning.price_text import HIGHEST_PRICE
from recsys.cleaning.text import MAX_NAME_LENGTH


@dataclass(frozen=True, kw_only=True)
class RuleList(Parameter[tuple[Rule, ...]]):
    """Rules in a JSON body; a query can't hold any."""

    default: tuple[Rule, ...] = ()

    def decode(self, texts: list[str]) -> Any:
        """Refuse a query."""
        raise self.refuse(texts, "expected in a JSON body")

    def check(self, value: Any) -> tuple[Rule, ...]:
        """Read the rules.

        Raises:
            RuleError: 400 in the end; one isn't a rule, or they don't fit together.
        """
        return parse_rules(value)

    def schema(self) -> Schema:
        """Describe a list of rules."""
        return {
            "type": "array",
            "items": {"$ref": "#/components/schemas/Rule"},
            "maxItems": MOST_RULES,
        }


_ANY_TEXT: Final = Text(name="text", meaning="").schema()


def _text(longest: int, meaning: str) -> Schema:
    return {**_ANY_TEXT, "maxLength": longest, "description": meaning}


def _time(meaning: str) -> Schema:
    return {"type": "string", "pattern": TIME_PATTERN, "description": meaning}


def _price(meaning: str) -> Schema:
    return {"type": "number", "minimum": 0, "maximum": HIGHEST_PRICE, "description": meaning}


_ITEM: Final = _text(MAX_NAME_LENGTH, "The item, exactly as in responses.")

RULE: Final[Schema] = {
    "type": "object",
    "description": (
        f"`{HIDE}` leaves items out. `{PIN}` puts one `item` at a `place`. `{BOOST}` adds `by` to "
        f"the score (the logit) of items before they are ranked, `{BURY}` subtracts it. A rule names "
        f"its items by `item`, `items`, `category`, `brand`, `price_min` or `price_max`; where it "
        f"has several of these, all must hold."
    ),
    "properties": {
        "id": _text(MOST_ID_LENGTH, "The rule's name, which no other rule has."),
        "action": {"type": "string", "enum": [HIDE, PIN, BOOST, BURY]},
        "item": _ITEM,
        "items": {"type": "array", "items": _ITEM, "minItems": 1, "maxItems": MOST_ITEMS},
        "category": _text(MAX_NAME_LENGTH, "The category of the items."),
        "brand": _text(MAX_NAME_LENGTH, "The brand of the items."),
        "price_min": _price("The lowest price of the items in USD."),
        "price_max": _price("The highest price of the items in USD."),
        "place": {
            "type": "integer",
            "minimum": 1,
            "maximum": LAST_PLACE,
            "description": "The place of a pinned item, from 1.",
        },
        "by": {
            "type": "number",
            "exclusiveMinimum": 0,
            "maximum": LARGEST_STEP,
            "description": f"What `{BOOST}` adds to the score and `{BURY}` subtracts.",
        },
        "from": _time("When the rule begins, with a zone: `2026-12-24T18:00:00Z`."),
        "until": _time("When the rule ends; that moment is no longer part of it."),
        "scenario": _text(
            MAX_NAME_LENGTH, "The only scenario the rule is for; without one, every request."
        ),
        "note": _text(MOST_NOTE_LENGTH, "Why the rule is there, for people."),
    },
    "required": ["id", "action"],
    "additionalProperties": False,
}
