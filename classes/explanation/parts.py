"""An explanation of one item's score, part by part."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any, Literal

Kind = Literal["history", "item", "profile", "visitor"]


@dataclass(frozen=True)
class Part:
    """What one thing that is known adds to a score.

    Attributes:
        kind: An item of the history, facts about the item, or facts about the user or visitor.
        name: The history's item, or a short name of the facts.
        title: The title of the item, or what the facts are in words.
        share: Logits that it adds, negative where it speaks against the item.
        reason_text: The same in a sentence.
        item_row: Row of the history's item, else None.
        by_similarity: Of a history's item: the share by similarity, first the one that
            contributes most.
        affinity_change: Of a history's item: what taking it out changes each affinity by.
    """

    kind: Kind
    name: str
    title: str
    share: float
    reason_text: str
    item_row: int | None = None
    by_similarity: Mapping[str, float] = field(default_factory=dict)
    affinity_change: Mapping[str, float] = field(default_factory=dict)

    @property
    def similarity(self) -> str | None:
        """The similarity that contributes most."""
        return next(iter(self.by_similarity), None)


@dataclass(frozen=True)
class Explanation:
    """Why an item has its score, or its place where there is no score.

    Attributes:
        item_row: The item.
        score_logit: Its score; None in the cold-start list.
        reference_logit: The score of the reference.
        method: How the parts were computed, and what the reference is.
        parts: Largest magnitude first; the shares add up to the difference of the scores.
        reason_text: The explanation in one sentence.
        affinities: The item's affinity in each similarity.
        rule: What decided in place of the model; None where nothing did.
    """

    item_row: int
    score_logit: float | None
    reference_logit: float | None
    method: str
    parts: tuple[Part, ...]
    reason_text: str
    affinities: Mapping[str, float] = field(default_factory=dict)
    rule: Mapping[str, Any] | None = None
