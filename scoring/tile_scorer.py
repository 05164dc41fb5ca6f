"""Scores a network that splits except for a deeper head, in tiles that stay in the cache."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import FloatArray, ItemRows
from recsys.ranking import Ranking
from scoring.head import joint
from scoring.scorer import CandidateMask, ItemOffsets, ranking_of
from scoring.split_files import SplitParts

if TYPE_CHECKING:
    from scoring.inputs import Inputs, Visitor

WeighedHistory = tuple[ItemRows, FloatArray]
"""Item rows, newest first, and what each counts for, empty where that is 1."""

USERS_AT_ONCE: Final = 16
"""Users scored in one pass over the tiles; their scores for a million items take 64 MB."""


class TileScorer:
    """Scores all items for some users at a time, who share the tiles in the cache.

    Args:
        parts: Those of a network with a head of any depth.
        item_half: (n_items, head.item_width) float32.
    """

    slow_reason = None

    def __init__(self, parts: SplitParts, item_half: FloatArray) -> None:
        self._parts, self._item_half = parts, item_half

    def score(self, user_row: int) -> FloatArray:
        """Score all items, as `Scorer` says."""
        scores: FloatArray = self._score_users([user_row])[0]
        return scores

    def top_k(
        self,
        user_rows: Sequence[int],
        k: int,
        excluded: Sequence[ItemRows],
        candidates: CandidateMask = None,
        offsets: ItemOffsets = None,
    ) -> list[Ranking]:
        """Rank by all scores, which are computed for some users at a time."""
        return [
            ranking_of(scores, k, rows, candidates, offsets)
            for first in range(0, len(user_rows), USERS_AT_ONCE)
            for scores, rows in zip(
                self._score_users(user_rows[first : first + USERS_AT_ONCE]),
                excluded[first : first + USERS_AT_ONCE],
                strict=True,
            )
        ]

    def top_k_of_visitor(
        self,
        visitor: Visitor,
        k: int,
        excluded: ItemRows,
        candidates: CandidateMask = None,
        offsets: ItemOffsets = None,
    ) -> Ranking:
        """Compute the visitor's row, then rank as for a user."""
        row, history = (
            self._parts.row_of_visitor(visitor),
            (visitor.history, visitor.history_weights),
        )
        scores = self._score_rows(row, [history])[0]
        return ranking_of(scores, k, excluded, candidates, offsets)

    @property
    def inputs_read(self) -> frozenset[str]:
        """Names of the inputs that the network reads."""
        return self._parts.inputs_read

    def score_grid(
        self, users: Inputs, items: Inputs, affinities: NDArray[Any] | None
    ) -> NDArray[np.float64]:
        """Compute the rows of both sides, then score."""
        return self._parts.score_grid(users, items, affinities)

    def outputs(self, scores: FloatArray) -> FloatArray:
        """Apply what the head leaves out."""
        return joint.outputs(self._parts.head, scores)

    def describe(self) -> str:
        """Describe the head."""
        return joint.describe(self._parts.head)

    def save(self, folder: Path) -> None:
        """Write head and halves."""
        self._parts.save(folder, {"item_half": self._item_half})

    def _score_users(self, user_rows: Sequence[int]) -> FloatArray:
        histories: list[WeighedHistory] = []
        if (scoring := self._parts.affinity_scoring) is not None:
            known = scoring.affinities
            histories = [(known.history(row), known.history_weights(row)) for row in user_rows]
        return self._score_rows(self._parts.user_half[user_rows], histories)

    def _score_rows(self, rows: FloatArray, histories: Sequence[WeighedHistory]) -> FloatArray:
        """Score all items for each user row; items that a history affects have their own rows."""
        head, scoring = self._parts.head, self._parts.affinity_scoring
        scores = joint.score(head, rows, self._item_half)
        if scoring is not None:
            for place, history in enumerate(histories):
                affected, raised = scoring.rows_of(self._item_half, *history)
                scores[place, affected] = joint.score(head, rows[place, None], raised)[0]
        return scores
