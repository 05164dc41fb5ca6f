"""Reads rules from JSON, and refuses what isn't one with the reason."""

from __future__ import annotations

import re
import reprlib
from collections.abc import Callable
from datetime import datetime
from typing import Any, Final

from classes.errors import OptionError
from classes.rules.rule import (
    ACTIONS,
    BOOST,
    BURY,
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

MOST_RULES: Final = 5_000
MOST_SCENARIOS: Final = 20
"""Named in one document: each has its own arrays of all items in every worker."""

TIME_PATTERN: Final = (
    r"^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
    r"(Z|[+-][0-9]{2}:[0-9]{2})$"
)
_TIME: Final = re.compile(TIME_PATTERN)

SELECTORS: Final = ("item", "items", "category", "brand", "price_min", "price_max")
"""The members that say which items a rule is about."""

Reader = Callable[[Any], Any]
"""Returns a member's value in its final form, or raises `_ExpectedError`."""


class RuleError(OptionError):
    """Something isn't a rule, or the rules don't fit together."""


class _ExpectedError(Exception):
    """Says what a member should have been."""


def parse_rules(values: Any) -> tuple[Rule, ...]:
    """Read rules from decoded JSON.

    Raises:
        RuleError: It isn't a list of rules, or there are too many.
    """
    if not isinstance(values, list):
        raise RuleError("'rules' isn't a list; expected a list of rules.")
    if len(values) > MOST_RULES:
        raise RuleError(f"There are {len(values):,} rules; at most {MOST_RULES:,} are allowed.")
    rules = tuple(parse_rule(value, number) for number, value in enumerate(values, start=1))
    seen: set[str] = set()
    for number, rule in enumerate(rules, start=1):
        if rule.id in seen:
            raise RuleError(f"Rule {number} has the id {rule.id!r} of an earlier one; ids differ.")
        seen.add(rule.id)
    n_scenarios = len({rule.scenario for rule in rules} - {None})
    if n_scenarios > MOST_SCENARIOS:
        raise RuleError(
            f"The rules name {n_scenarios} scenarios; at most {MOST_SCENARIOS} are allowed."
        )
    return rules


def parse_rule(value: Any, number: int = 1) -> Rule:
    """Read one rule.

    Raises:
        RuleError: It isn't one; the message has its number and says what was expected.
    """
    if not isinstance(value, dict):
        raise RuleError(f"Rule {number} is {reprlib.repr(value)}; expected a JSON object.")
    name = f"Rule {number} ({reprlib.repr(value['id'])})" if "id" in value else f"Rule {number}"
    read: dict[str, Any] = {}
    for member, given in value.items():
        if member not in _READERS:
            raise RuleError(
                f"{name} has {reprlib.repr(member)}; a rule may have {', '.join(_READERS)}."
            )
        try:
            read[member] = _READERS[member](given)
        except _ExpectedError as error:
            raise RuleError(
                f"{name}: '{member}' is {reprlib.repr(given)}; expected {error}."
            ) from None
    fault = _fault(read)
    if fault:
        raise RuleError(f"{name} {fault}.")
    return _rule(value, read)


def _fault(read: dict[str, Any]) -> str:
    """Say what is wrong with members that are each valid; "" if nothing is."""
    missing = next((member for member in ("id", "action") if member not in read), None)
    if missing:
        return f"has no '{missing}'; every rule has an id and an action"
    action = read["action"]
    if not any(member in read for member in SELECTORS):
        return f"names no items; give it {', '.join(SELECTORS[:-1])} or {SELECTORS[-1]}"
    if "item" in read and "items" in read:
        return "has both 'item' and 'items'; give it one of them"
    for member, owners in (("place", (PIN,)), ("by", (BOOST, BURY))):
        if (member in read) != (action in owners):
            needs = "needs" if action in owners else "takes no"
            return f"{needs} '{member}', since its action is '{action}'"
    if action == PIN and [member for member in SELECTORS if member in read] != ["item"]:
        return "pins more than one item; a pin has 'item' and none of the other ways to choose"
    return _empty_range(read)


def _empty_range(read: dict[str, Any]) -> str:
    if "price_min" in read and read["price_min"] > read.get("price_max", HIGHEST_PRICE):
        return "has a price_min above its price_max"
    if "from" in read and "until" in read and read["from"] >= read["until"]:
        return "ends before it begins; 'until' is later than 'from'"
    return ""


def _rule(source: dict[str, Any], read: dict[str, Any]) -> Rule:
    renamed = {"from": "starts_at", "until": "ends_at", "item": "items"}
    members = {renamed.get(member, member): value for member, value in read.items()}
    members.pop("note", None)
    return Rule(source=dict(source), **members)


def _text(longest: int) -> Reader:
    def read(value: Any) -> str:
        if not isinstance(value, str) or not 0 < len(value) <= longest or not value.strip():
            raise _ExpectedError(f"text of 1 to {longest:,} characters that isn't blank")
        return value

    return read


def _number(low: float, high: float, *, above: bool = False) -> Reader:
    def read(value: Any) -> float:
        is_number = type(value) in (int, float)
        if not is_number or not low <= value <= high or (above and value == low):
            start = f"above {low:,g} and" if above else f"from {low:,g}"
            raise _ExpectedError(f"a number {start} up to {high:,g}")
        return float(value)

    return read


def _place(value: Any) -> int:
    if isinstance(value, float) and value.is_integer():  # JSON's 2.0 is a whole number
        value = int(value)
    if type(value) is not int or not 1 <= value <= LAST_PLACE:
        raise _ExpectedError(f"a whole number from 1 to {LAST_PLACE}")
    return value


def _action(value: Any) -> str:
    if not isinstance(value, str) or value not in ACTIONS:
        raise _ExpectedError(f"one of {', '.join(ACTIONS)}")
    return value


def _item(value: Any) -> tuple[str, ...]:
    return (_NAME(value),)


def _items(value: Any) -> tuple[str, ...]:
    if not isinstance(value, list) or not 1 <= len(value) <= MOST_ITEMS:
        raise _ExpectedError(f"a list of 1 to {MOST_ITEMS:,} names of items")
    return tuple(_NAME(each) for each in value)


def _time(value: Any) -> float:
    try:
        if isinstance(value, str) and _TIME.fullmatch(value):
            return datetime.fromisoformat(value).timestamp()
    except (ValueError, OverflowError):  # no such day or hour
        pass
    raise _ExpectedError("a time with its zone, such as 2026-12-24T18:00:00Z")


_NAME: Final = _text(MAX_NAME_LENGTH)
_PRICE: Final = _number(0, HIGHEST_PRICE)
_READERS: Final[dict[str, Reader]] = {
    "id": _text(MOST_ID_LENGTH),
    "action": _action,
    "item": _item,
    "items": _items,
    "category": _NAME,
    "brand": _NAME,
    "price_min": _PRICE,
    "price_max": _PRICE,
    "place": _place,
    "by": _number(0, LARGEST_STEP, above=True),
    "from": _time,
    "until": _time,
    "scenario": _NAME,
    "note": _text(MOST_NOTE_LENGTH),
}
