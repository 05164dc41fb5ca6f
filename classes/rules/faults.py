"""What is odd about rules in one snapshot: reported, since the next one may have the item."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Final

from classes.app_data_processing import AppDataProcessor
from classes.rules.compiled import selected
from classes.rules.rule import Rule

_SHOWN_NAMES: Final = 3
_SHOWN_CHARACTERS: Final = 60


def faults(rules: Sequence[Rule], data: AppDataProcessor) -> Iterator[tuple[str, str]]:
    """Yield the id of each rule that can't do what it says, and why."""
    for rule in rules:
        found = _fault(rule, data)
        if found:
            yield rule.id, found


def _fault(rule: Rule, data: AppDataProcessor) -> str:
    facts = data.facts
    unknown = [name for name in rule.items or () if data.item_row(name) is None]
    if unknown:
        named = ", ".join(_quoted(name) for name in unknown[:_SHOWN_NAMES])
        more = f" and {len(unknown) - _SHOWN_NAMES:,} more" if len(unknown) > _SHOWN_NAMES else ""
        return f"The catalog has no item {named}{more}."
    if rule.category is not None and facts.category_row(rule.category) is None:
        return f"No item has the category {_quoted(rule.category)}."
    if rule.brand is not None and facts.brand_row(rule.brand) is None:
        return f"No item has the brand {_quoted(rule.brand)}."
    return "" if len(selected(rule, data)) else "No item is like that."


def _quoted(name: str) -> str:
    return repr(name if len(name) <= _SHOWN_CHARACTERS else name[:_SHOWN_CHARACTERS] + "…")
