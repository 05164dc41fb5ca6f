"""What a model asks of a way to score; a snapshot uses the fastest that is exact.

Every way gives the ranking that `model.predict` over all items gives, and the same bits
whether a user is scored alone or among many, now or ahead of time.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Protocol

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import FloatArray, ItemRows
from recsys.ranking import Ranking, top_rows

if TYPE_CHECKING:
    from scoring.inputs import Inputs, Visitor

CandidateMask = NDArray[np.bool_] | None
"""(n_items,), the items that may be recommended; None for all."""

ItemOffsets = NDArray[np.float32] | None
"""(n_items,), finite, added to the scores of the items before they are ranked; None for nothing."""


class Scorer(Protocol):
    """Scores all items, for users given by row or for a visitor."""

    def score(self, user_row: int) -> FloatArray:
        """Score every item, (n_items,) float32; higher is better.

        The network's last increasing activation is left out, so that items whose sigmoid
        rounds to 1 keep their order.
        """

    def top_k(
        self,
        user_rows: Sequence[int],
        k: int,
        excluded: Sequence[ItemRows],
        candidates: CandidateMask = None,
        offsets: ItemOffsets = None,
    ) -> list[Ranking]:
        """Rank the k best items for each of some users, ties by lower row.

        Args:
            user_rows: The users.
            k: How many items; fewer come back only where fewer are left.
            excluded: For each user the item rows never to return, ascending.
            candidates: (n_items,), the items that may be returned; None for all.
            offsets: (n_items,), added in float32 to the scores by which items are ranked, and
                part of the scores returned; None for nothing.
        """

    def top_k_of_visitor(
        self,
        visitor: Visitor,
        k: int,
        excluded: ItemRows,
        candidates: CandidateMask = None,
        offsets: ItemOffsets = None,
    ) -> Ranking:
        """Rank for somebody who isn't among the users.

        A user with the same vectors, profile and history gets the same ranking.
        """

    @property
    def inputs_read(self) -> frozenset[str]:
        """Names of the inputs that the network reads, of `recsys.columns.MODEL_INPUTS`."""

    def score_grid(
        self, users: Inputs, items: Inputs, affinities: NDArray[Any] | None
    ) -> NDArray[np.float64]:
        """Score every given user with every given item and every given affinity.

        Args:
            users: The inputs of the user's side, (m, d) each.
            items: Those of the item's side, (n, d) each.
            affinities: (q, C); None for a model that reads none, where q is 1.

        Returns:
            (m, n, q), scores as `score` gives them, but for rounding.
        """

    def outputs(self, scores: FloatArray) -> FloatArray:
        """Turn scores into the network's own outputs, probabilities where it ends in a sigmoid."""

    def describe(self) -> str:
        """Describe in a few words how items are scored."""

    @property
    def slow_reason(self) -> str | None:
        """Why Keras has to score; None where the fast engine does."""

    def save(self, folder: Path) -> None:
        """Write what `open_scorer` needs into a folder that already holds the Keras file."""


def ranking_of(
    scores: FloatArray,
    k: int,
    excluded: ItemRows,
    candidates: CandidateMask,
    offsets: ItemOffsets = None,
) -> Ranking:
    """Rank by scores of all items (n_items,) float32, to which offsets are added."""
    if offsets is not None:
        scores = scores + offsets
    rows = top_rows(scores, k, excluded, candidates)
    return Ranking(rows, scores[rows])
