"""A version of the rules, valid as a whole."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import cached_property
from typing import Any

from classes.rules.parsing import RuleError, parse_rules
from classes.rules.rule import Rule


@dataclass(frozen=True)
class RuleDocument:
    """All rules of a version.

    Attributes:
        version: Its number, 0 where there never was any.
        updated_at: When it was written, RFC 3339; None for version 0.
        rules: Its rules, in the order in which they were written.
    """

    version: int = 0
    updated_at: str | None = None
    rules: tuple[Rule, ...] = ()

    @classmethod
    def from_json(cls, content: Any, version: int) -> RuleDocument:
        """Read what `to_json` returned.

        Raises:
            RuleError: It isn't the document of that version.
        """
        if not isinstance(content, dict) or content.get("version") != version:
            raise RuleError(f"The file of version {version} of the rules holds something else.")
        return cls(version, str(content.get("updated_at")), parse_rules(content.get("rules")))

    def to_json(self) -> dict[str, Any]:
        """Return the document as JSON has it."""
        rules = [dict(rule.source) for rule in self.rules]
        return {"version": self.version, "updated_at": self.updated_at, "rules": rules}

    @cached_property
    def scenarios(self) -> frozenset[str]:
        """The scenarios for which there are rules of their own."""
        return frozenset(rule.scenario for rule in self.rules if rule.scenario is not None)

    def active(self, now: float) -> list[Rule]:
        """List the rules whose time it is, in seconds since 1970, for whatever scenario."""
        return [rule for rule in self.rules if rule.is_active(now)]

    def next_change(self, now: float) -> float:
        """Return when a rule begins or ends next, infinity if none ever does."""
        return min((rule.next_change(now) for rule in self.rules), default=math.inf)


NO_RULES = RuleDocument()
