"""The rules in force, compiled for one snapshot as often as they change, and no more often."""

from __future__ import annotations

import time
from dataclasses import replace
from threading import Lock
from typing import Final, NamedTuple, Protocol

from classes.app_data_processing import AppDataProcessor
from classes.rules.compiled import CompiledRules, compile_rules
from classes.rules.document import NO_RULES, RuleDocument


class RuleSource(Protocol):
    """Where the rules come from, as in `RuleStore`."""

    def current(self) -> RuleDocument:
        """Return the version in force: the same object until there is another."""


class FixedRules(NamedTuple):
    """Rules that aren't in force, to see what they would do."""

    document: RuleDocument

    def current(self) -> RuleDocument:
        """Return the document."""
        return self.document


WITHOUT_RULES: Final = FixedRules(NO_RULES)


class _Compiled(NamedTuple):
    document: RuleDocument
    changes_at: float
    rules: CompiledRules | None


class SnapshotRules:
    """Compiles once for a version, a scenario and the set of rules that are active.

    Every method may be called from any thread.
    """

    def __init__(self, data: AppDataProcessor, source: RuleSource) -> None:
        """Take the items and the source; nothing is compiled yet."""
        self._data = data
        self._source = source
        self._compiled: dict[str | None, _Compiled] = {}
        self._compiling = Lock()
        self._reordered: tuple[CompiledRules, CompiledRules] | None = None

    def of(self, scenario: str | None = None) -> CompiledRules | None:
        """Return what the rules say now in a scenario; None where they say nothing.

        A scenario that no rule names gets the rules for every request.
        """
        document = self._source.current()
        if not document.rules:
            return None
        if scenario is not None and scenario not in document.scenarios:
            scenario = None
        found = self._compiled.get(scenario)
        if found is None or found.document is not document or time.time() >= found.changes_at:
            found = self._compile(document, scenario)
        return self._with_present_order(found.rules)

    def _with_present_order(self, rules: CompiledRules | None) -> CompiledRules | None:
        """Let what is popular now stand in the rules' cold-start list."""
        order = self._data.cold_start.order
        if rules is None or rules.popular is order:
            return rules
        held = self._reordered
        if held is None or held[0] is not rules or held[1].popular is not order:
            held = self._reordered = (rules, replace(rules, popular=order))
        return held[1]

    def _compile(self, document: RuleDocument, scenario: str | None) -> _Compiled:
        with self._compiling:
            now = time.time()
            found = self._compiled.get(scenario)
            if found is not None and found.document is document and now < found.changes_at:
                return found  # another thread has just done it
            if any(each.document is not document for each in self._compiled.values()):
                self._compiled = {}
            rules = [rule for rule in document.active(now) if rule.scenario in (None, scenario)]
            compiled = compile_rules(rules, self._data)
            found = _Compiled(document, document.next_change(now), compiled)
            self._compiled[scenario] = found
            return found
