"""Explains why items have their scores, for known users, visitors and unknown users."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from functools import cached_property
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from classes.app_data_processing import AppDataProcessor
from classes.explanation import words
from classes.explanation.groups import groups_of
from classes.explanation.parts import Explanation, Kind, Part
from classes.lists.person import Person
from classes.model import Model
from classes.options import RecommendationOptions
from classes.rules.compiled import CompiledRules
from classes.rules.snapshot_rules import SnapshotRules
from scoring.affinity_parts import HistoryEntries, HistoryStrengths
from scoring.explain import ITEM_INPUTS, USER_INPUTS, Group, PairShares
from scoring.inputs import AFFINITY, Inputs, Visitor

METHOD: Final = (
    "Shapley values of groups of the model's inputs; an affinity's share is divided among the "
    "history by the addends of its sum. The reference is the catalog's mean item, for somebody "
    "without history or reviews."
)
COLD_START: Final = "The rule of the cold-start list; no model scores it."


class Explainer:
    """Explains the scores of one snapshot; may be called from any thread."""

    def __init__(self, data: AppDataProcessor, model: Model, rules: SnapshotRules) -> None:
        """Take data and model that were checked against each other, and the shop's rules."""
        self._data = data
        self._model = model
        self._rules = rules

    def explain(
        self, person: Visitor, item_rows: Sequence[int], *, is_known: bool
    ) -> list[Explanation]:
        """Explain the scores of items for a user or visitor.

        Args:
            person: As `AppDataProcessor.person` or `visitor` describes them.
            item_rows: The items.
            is_known: Whether it is a known user.
        """
        entries = None
        if self._affinities is not None:
            entries = HistoryEntries(
                self._affinities.similarities, person.history, person.history_weights
            )
        user = {name: rows[0] for name, rows in person.inputs.items()}
        return [
            self._of_pair(user, person, row, entries, "profile" if is_known else "visitor")
            for row in item_rows
        ]

    def explain_for(
        self,
        person: Person,
        item_rows: Sequence[int],
        options: RecommendationOptions,
    ) -> list[Explanation]:
        """Explain items of a list to the person it is for: a known user or anybody else."""
        rules = self._rules.of(options.scenario)
        if person.visitor is None:
            explanations = [self.explain_cold_start(row) for row in item_rows]
        else:
            is_known = person.user is not None
            explanations = self.explain(person.visitor, item_rows, is_known=is_known)
        return [each if rules is None else _ruled(each, rules) for each in explanations]

    def explain_cold_start(self, item_row: int) -> Explanation:
        """Explain the place of an item in the list of unknown users."""
        rule = self._data.cold_start.reasons(item_row)
        text = words.cold_start_sentence(rule)
        return Explanation(item_row, None, None, COLD_START, (), text, rule=rule)

    def _of_pair(
        self,
        user: Inputs,
        person: Visitor,
        row: int,
        entries: HistoryEntries | None,
        kind: Kind,
    ) -> Explanation:
        strengths = None if entries is None else entries.strengths_for(row)
        pair = {**user, **{name: self._tables[name][row] for name in ITEM_INPUTS}}
        if strengths is not None:
            pair[AFFINITY] = strengths.phi
        found = self._model.explain(pair, self._reference, self._groups)
        parts = [
            _fact(group, share, kind)
            for group, share in found.shares.items()
            if group.input != AFFINITY and share
        ]
        affinities: dict[str, float] = {}
        if strengths is not None:
            parts += self._history_parts(person, strengths, found)
            affinities = self._by_similarity(strengths.phi)
        parts.sort(key=lambda part: -abs(part.share))
        return Explanation(
            row,
            found.score,
            found.reference_score,
            METHOD,
            tuple(parts),
            words.summary(parts),
            affinities,
        )

    def _history_parts(
        self, person: Visitor, strengths: HistoryStrengths, found: PairShares
    ) -> list[Part]:
        """Divide the shares of the affinities among the items of the history."""
        shares = _shares_of_history(strengths, found)
        changes = strengths.changes
        return [
            self._history_part(int(person.history[place]), shares[:, place], changes[:, place])
            for place in np.flatnonzero(shares.any(axis=0))
        ]

    def _history_part(
        self, row: int, shares: NDArray[np.float64], changes: NDArray[np.float64]
    ) -> Part:
        total = float(shares.sum())
        by_similarity = {
            name: share for name, share in self._by_similarity(shares).items() if share
        }
        direction = 1 if total > 0 else -1
        ordered = dict(sorted(by_similarity.items(), key=lambda each: -direction * each[1]))
        title = self._data.title_of(row)
        clause = words.history_clause(title, next(iter(ordered)), total)
        return Part(
            "history",
            self._data.item(row),
            title,
            total,
            words.sentence(clause),
            row,
            ordered,
            self._by_similarity(changes),
        )

    def _by_similarity(self, values: NDArray[np.float64]) -> dict[str, float]:
        return dict(zip(self._similarity_names, values.tolist(), strict=True))

    @cached_property
    def _affinities(self) -> Any:
        return self._data.affinities if AFFINITY in self._model.inputs_read else None

    @cached_property
    def _similarity_names(self) -> list[str]:
        names: list[str] = (
            [] if self._affinities is None else self._affinities.similarities.names.tolist()
        )
        return names

    @cached_property
    def _tables(self) -> Inputs:
        inputs = self._data.inputs
        return {name: getattr(inputs, name) for name in (*USER_INPUTS, *ITEM_INPUTS)}

    @cached_property
    def _reference(self) -> Inputs:
        """The catalog's mean item, as far as the model reads it, and a user without anything."""
        reference: dict[str, NDArray[Any]] = {
            name: np.zeros(table.shape[1], dtype=np.float32) for name, table in self._tables.items()
        }
        for name in set(ITEM_INPUTS) & self._model.inputs_read:
            mean = self._tables[name].mean(axis=0, dtype=np.float64)
            reference[name] = mean.astype(np.float32)
        reference[AFFINITY] = np.zeros(len(self._similarity_names))
        return reference

    @cached_property
    def _groups(self) -> list[Group]:
        read = self._model.inputs_read
        widths = {name: len(values) for name, values in self._reference.items() if name in read}
        return groups_of(widths, self._data.item_column_names, self._similarity_names)


def _fact(group: Group, share: float, kind: Kind) -> Part:
    """Describe the share of a group of facts."""
    about_item = group.input in ITEM_INPUTS
    titles = words.ITEM_FACTS if about_item else words.USER_FACTS
    if kind == "visitor" and not about_item:
        titles = words.VISITOR_FACTS
    title = " and ".join(titles.get(name, name) for name in group.names)
    clause = words.sentence(words.fact_clause(title, share))
    return Part("item" if about_item else kind, "+".join(group.names), title, share, clause)


def _ruled(explanation: Explanation, rules: CompiledRules) -> Explanation:
    """Name the rule that changes an item's place, if one does."""
    rule_id = rules.rule_of(explanation.item_row)
    rule = next((each for each in rules.rules if each.id == rule_id), None)
    if rule is None:
        return explanation
    named = {**(explanation.rule or {}), "id": rule.id, "action": rule.action}
    text = words.ruled_sentence(rule, explanation.reason_text)
    return replace(explanation, rule=named, reason_text=text)


def _shares_of_history(strengths: HistoryStrengths, found: PairShares) -> NDArray[np.float64]:
    """Divide among similarities and items (C, h); joined similarities by their affinities."""
    phi, fractions = strengths.phi, strengths.fractions
    shares = np.zeros_like(fractions)
    for group, share in found.shares.items():
        if group.input == AFFINITY:
            columns = list(group.columns)
            weights = phi[columns] / phi[columns].sum()
            shares[columns] = share * weights[:, None] * fractions[columns]
    return shares
