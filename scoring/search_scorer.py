"""Scores a network that splits into two halves and an additive head, by compiled search."""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import FloatArray, ItemRows
from recsys.ranking import Ranking
from scoring import search
from scoring.head import joint
from scoring.scorer import CandidateMask, ItemOffsets
from scoring.split_files import SplitParts

if TYPE_CHECKING:
    from scoring.inputs import Inputs, Visitor

logger = logging.getLogger(__name__)

MOST_SCORED: Final = 0.1
"""Share of the items scored exactly up to which codes pay off; one costs as much as ten codes."""

SAMPLED_USERS: Final = 64
SAMPLED_K: Final = 5

CODES: Final = "codes_"


class SearchScorer:
    """Searches the items for one user or for many who pass over them together.

    Args:
        parts: Those of a network with an additive head.
        index: Its item half, ready to be searched.
    """

    slow_reason = None

    def __init__(self, parts: SplitParts, index: search.ItemIndex) -> None:
        self._parts = parts
        self._user_half = search.frozen(parts.user_half, np.float32)
        self._index = index

    @classmethod
    def build(
        cls, parts: SplitParts, item_half: FloatArray, say: Callable[[str], None] = logger.info
    ) -> SearchScorer:
        """Index an item half (n_items, head.item_width), in bytes where that pays off."""
        head = parts.head
        codes = search.quantize_items(item_half, head.relu_weights)
        index = search.ItemIndex.build(head.relu_weights, head.bias, item_half, codes)
        if codes is not None:
            share = _share_scored(index, parts.user_half)
            if share > MOST_SCORED:
                index = search.ItemIndex.build(head.relu_weights, head.bias, item_half, None)
                say(f"Bytes would leave {share:.0%} of the items to score exactly: not used.")
            else:
                say(f"Bytes leave {share:.2%} of the items to score exactly.")
        return cls(parts, index)

    @classmethod
    def from_arrays(cls, parts: SplitParts, arrays: Mapping[str, NDArray[Any]]) -> SearchScorer:
        """Wrap what `save` wrote, which may be memory maps; nothing of it is read."""
        weights, bias = parts.head.relu_weights, parts.head.bias
        codes, peaks = codes_of(arrays), arrays["peaks"]
        return cls(parts, search.ItemIndex.build(weights, bias, arrays["item_half"], codes, peaks))

    def score(self, user_row: int) -> FloatArray:
        """Score all items in one exact pass, as `Scorer` says."""
        affinities = self._affinities_of([user_row])
        return search.score_items(self._index, self._user_half[user_row], affinities)

    def top_k(
        self,
        user_rows: Sequence[int],
        k: int,
        excluded: Sequence[ItemRows],
        candidates: CandidateMask = None,
        offsets: ItemOffsets = None,
    ) -> list[Ranking]:
        """Search for the users together, who share each pass over the items."""
        if not user_rows:
            return []
        affinities = self._affinities_of(user_rows)
        if len(user_rows) == 1:  # most requests; spares them the bookkeeping of a batch
            user = self._user_half[user_rows[0]]
            return [
                search.top_k(self._index, user, k, excluded[0], candidates, affinities, offsets)
            ]
        users = self._user_half[user_rows]
        starts, joined = np.cumsum([0, *map(len, excluded)]), np.concatenate(excluded)
        rows, scores = search.top_k_batch(
            self._index, users, k, starts, joined, candidates, affinities, offsets
        )
        found = np.count_nonzero(rows >= 0, axis=1)
        return [Ranking(rows[i, :n], scores[i, :n]) for i, n in enumerate(found)]

    def top_k_of_visitor(
        self,
        visitor: Visitor,
        k: int,
        excluded: ItemRows,
        candidates: CandidateMask = None,
        offsets: ItemOffsets = None,
    ) -> Ranking:
        """Compute the visitor's row, then search as for a user."""
        user, scoring = self._parts.row_of_visitor(visitor)[0], self._parts.affinity_scoring
        affinities = None
        if scoring is not None:
            affinities = scoring.of_histories([visitor.history], [visitor.history_weights])
        return search.top_k(self._index, user, k, excluded, candidates, affinities, offsets)

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
        """Describe the head and the form in which the items are searched."""
        return f"{joint.describe(self._parts.head)}, {self._index.describe()}"

    def save(self, folder: Path) -> None:
        """Write head, halves and index."""
        table, codes = self._index.table, self._index.codes
        arrays = {"item_half": table.items, "peaks": table.peaks}
        if len(codes.blocks):
            arrays |= {CODES + name: part for name, part in codes._asdict().items()}
        self._parts.save(folder, arrays)

    def _affinities_of(self, user_rows: Sequence[int]) -> search.CompiledAffinities | None:
        scoring = self._parts.affinity_scoring
        return None if scoring is None else scoring.of_users(user_rows)


def codes_of(arrays: Mapping[str, NDArray[Any]]) -> search.Codes | None:
    """Find the byte codes among what `SearchScorer.save` wrote; None where there are none."""
    if CODES + search.Codes._fields[0] not in arrays:
        return None
    return search.Codes(*(arrays[CODES + name] for name in search.Codes._fields))


def _share_scored(index: search.ItemIndex, user_half: FloatArray) -> float:
    """Count what sampled users' searches score exactly, as a share of the items."""
    some = np.linspace(0, len(user_half) - 1, min(SAMPLED_USERS, len(user_half)), dtype=int)
    scored = [search.count_scored(index, user_half[row], SAMPLED_K) for row in some]
    return float(np.mean(scored)) / len(index.table.items)
