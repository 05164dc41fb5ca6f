"""Scores a network that splits except for a deeper head, in tiles that stay in the cache."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from numpy.typing import NDArray

from recsys.arrays import FloatArray, ItemRows
from recsys.ranking import Ranking
from scoring.head import joint
from scoring.head.joint import Head
from scoring.scorer import CandidateMask, ranking_of
from scoring.split_files import save_split

if TYPE_CHECKING:
    from scoring.affinities import AffinityScoring
    from scoring.inputs import Visitor
    from scoring.visitor_rows import VisitorRows

USERS_AT_ONCE: Final = 16
"""Users scored in one pass over the tiles; their scores for a million items take 64 MB."""


class TileScorer:
    """Scores all items for some users at a time, who share the tiles in the cache.

    Args:
        head: A head of any depth.
        user_half: (n_users, head.user_width) float32.
        item_half: (n_items, head.item_width) float32.
        visitors: Computes user rows for visitors.
        affinity_scoring: What histories add to the items' rows, for a network that reads
            affinities.
    """

    slow_reason = None

    def __init__(
        self,
        head: Head,
        user_half: FloatArray,
        item_half: FloatArray,
        visitors: VisitorRows,
        affinity_scoring: AffinityScoring | None = None,
    ) -> None:
        """Bring together what was computed from one network."""
        self._head = head
        self._user_half = user_half
        self._item_half = item_half
        self._visitors = visitors
        self._affinity_scoring = affinity_scoring

    @classmethod
    def from_arrays(
        cls,
        head: Head,
        arrays: Mapping[str, NDArray[Any]],
        visitors: VisitorRows,
        affinity_scoring: AffinityScoring | None = None,
    ) -> TileScorer:
        """Wrap what `save` wrote, which may be memory maps."""
        return cls(head, arrays["user_half"], arrays["item_half"], visitors, affinity_scoring)

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
    ) -> list[Ranking]:
        """Rank by all scores, which are computed for some users at a time."""
        return [
            ranking_of(scores, k, rows, candidates)
            for first in range(0, len(user_rows), USERS_AT_ONCE)
            for scores, rows in zip(
                self._score_users(user_rows[first : first + USERS_AT_ONCE]),
                excluded[first : first + USERS_AT_ONCE],
                strict=True,
            )
        ]

    def top_k_of_visitor(
        self, visitor: Visitor, k: int, excluded: ItemRows, candidates: CandidateMask = None
    ) -> Ranking:
        """Compute the visitor's row, then rank as for a user."""
        scores = self._score_rows(self._visitors.of(visitor), [visitor.history])[0]
        return ranking_of(scores, k, excluded, candidates)

    def outputs(self, scores: FloatArray) -> FloatArray:
        """Apply what the head leaves out."""
        return joint.outputs(self._head, scores)

    def describe(self) -> str:
        """Describe the head."""
        return joint.describe(self._head)

    def save(self, folder: Path) -> None:
        """Write head and halves."""
        halves = {"user_half": self._user_half, "item_half": self._item_half}
        save_split(folder, self._head, halves, self._visitors, self._affinity_scoring)

    def _score_users(self, user_rows: Sequence[int]) -> FloatArray:
        histories: list[ItemRows] = []
        if self._affinity_scoring is not None:
            histories = [self._affinity_scoring.affinities.history(row) for row in user_rows]
        return self._score_rows(self._user_half[user_rows], histories)

    def _score_rows(self, rows: FloatArray, histories: Sequence[ItemRows]) -> FloatArray:
        """Score all items for each user row; items that a history affects have their own rows."""
        scores = joint.score(self._head, rows, self._item_half)
        if self._affinity_scoring is not None:
            for place, history in enumerate(histories):
                affected, raised = self._affinity_scoring.rows_of(self._item_half, history)
                scores[place, affected] = joint.score(self._head, rows[place, None], raised)[0]
        return scores
