"""The ways to score every item for a user; a snapshot uses the fastest that is exact.

Each of them must give the ranking that `model.predict` over all items gives, and the same
bits whether a user is scored alone or among many, now or ahead of time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, Protocol

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import FloatArray, ItemRows
from recsys.ranking import Ranking, top_rows
from scoring.head import joint
from scoring.head.head_file import save_head
from scoring.head.joint import Head
from storage.array_folder import save_arrays

if TYPE_CHECKING:
    from scoring.affinities import Affinities
    from scoring.affinity_scoring import AffinityScoring
    from scoring.inputs import ModelInputs, Visitor
    from scoring.visitor_rows import VisitorRows


CandidateMask = NDArray[np.bool_] | None
"""(n_items,), the items that may be recommended; None for all."""

NO_ROWS: Final = np.empty(0, dtype=np.int32)

HEAD_FILE: Final = "head.npz"
AFFINITY_WEIGHTS: Final = "affinity_weights"

PREDICT_BATCH_SIZE: Final = 8192
USERS_AT_ONCE: Final = 16
"""Users of one pass in tiles; their scores for a million items take 64 MB."""


class Scorer(Protocol):
    """What a model asks of a way to score; users are given by row."""

    def score(self, user_row: int) -> FloatArray:
        """Score all items, (n_items,) float32, in the order of which the network's outputs are."""

    def top_k(
        self, user_row: int, k: int, excluded: ItemRows, candidates: CandidateMask = None
    ) -> Ranking:
        """Rank the k best items, ties by lower row."""

    def top_k_of_many(
        self,
        user_rows: Sequence[int],
        k: int,
        excluded: Sequence[ItemRows],
        candidates: CandidateMask = None,
    ) -> list[Ranking]:
        """Rank for many users as `top_k` does for each."""

    def top_k_of_visitor(
        self, visitor: Visitor, k: int, excluded: ItemRows, candidates: CandidateMask = None
    ) -> Ranking:
        """Rank for somebody who isn't among the users, as `top_k` does for one who is."""

    def outputs(self, scores: FloatArray) -> FloatArray:
        """Turn scores into the network's own outputs, probabilities where it ends in a sigmoid."""

    def describe(self) -> str:
        """Say how items are scored, in a few words."""

    def save(self, folder: Path) -> None:
        """Write what `Model.open` needs into a folder that already holds the Keras file."""


class TileScorer:
    """Scores a network that splits but for a deeper head, in tiles that stay in the cache.

    Args:
        head: Of any depth.
        user_half: (n_users, head.user_width) float32.
        item_half: (n_items, head.item_width) float32.
        visitors: Computes the rows of those who are no users.
        touch: What histories add to the items' rows, for a network that reads affinities.
    """

    def __init__(
        self,
        head: Head,
        user_half: FloatArray,
        item_half: FloatArray,
        visitors: VisitorRows,
        affinity_scoring: AffinityScoring | None = None,
    ) -> None:
        """Bring together what was computed from one network."""
        self.head = head
        self.user_half = user_half
        self.item_half = item_half
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
        """Score all items."""
        scores: FloatArray = self._score_many([user_row])[0]
        return scores

    def top_k(
        self, user_row: int, k: int, excluded: ItemRows, candidates: CandidateMask = None
    ) -> Ranking:
        """Rank by one pass over all scores."""
        return _ranked(self.score(user_row), k, excluded, candidates)

    def top_k_of_many(
        self,
        user_rows: Sequence[int],
        k: int,
        excluded: Sequence[ItemRows],
        candidates: CandidateMask = None,
    ) -> list[Ranking]:
        """Rank for some users at a time, who share the tiles in the cache."""
        return [
            _ranked(scores, k, rows, candidates)
            for first in range(0, len(user_rows), USERS_AT_ONCE)
            for scores, rows in zip(
                self._score_many(user_rows[first : first + USERS_AT_ONCE]),
                excluded[first : first + USERS_AT_ONCE],
                strict=True,
            )
        ]

    def top_k_of_visitor(
        self, visitor: Visitor, k: int, excluded: ItemRows, candidates: CandidateMask = None
    ) -> Ranking:
        """Compute the visitor's row, then rank as for a user."""
        scores = self._scores_of(self._visitors.of(visitor), [visitor.history])[0]
        return _ranked(scores, k, excluded, candidates)

    def outputs(self, scores: FloatArray) -> FloatArray:
        """Apply what the head leaves out."""
        return joint.outputs(self.head, scores)

    def describe(self) -> str:
        """Name the head."""
        return joint.describe(self.head)

    def save(self, folder: Path) -> None:
        """Write head and halves."""
        halves = {"user_half": self.user_half, "item_half": self.item_half}
        save_split(folder, self.head, halves, self._visitors, self._affinity_scoring)

    def _score_many(self, user_rows: Sequence[int]) -> FloatArray:
        histories = [
            self._affinity_scoring.affinities.history(row)
            for row in user_rows
            if self._affinity_scoring
        ]
        return self._scores_of(self.user_half[user_rows], histories)

    def _scores_of(self, rows: FloatArray, histories: Sequence[ItemRows]) -> FloatArray:
        """Score all items for each row, and those that its history touches by their own rows."""
        scores = joint.score(self.head, rows, self.item_half)
        if self._affinity_scoring is not None:
            for place, history in enumerate(histories):
                touched, raised = self._affinity_scoring.rows_of(self.item_half, history)
                scores[place, touched] = joint.score(self.head, rows[place, None], raised)[0]
        return scores


class PredictScorer:
    """Scores through Keras in large batches, for a network that doesn't split."""

    def __init__(self, network: Any, inputs: ModelInputs, reason: str) -> None:
        """Take a loaded Keras model, what it reads, and why there is no faster way."""
        self._network = network
        self._inputs = inputs
        self.reason = reason

    def score(self, user_row: int) -> FloatArray:
        """Score all items, (n_items,) float32; these are the network's own outputs."""
        given, affinities = self._inputs, self._inputs.affinities
        profile = None if given.user_profile is None else given.user_profile[user_row]
        history = NO_ROWS if affinities is None else affinities.history(user_row)
        return self._score(given.user_review[user_row], given.user_item[user_row], profile, history)

    def _score(
        self,
        review: FloatArray,
        bought: FloatArray,
        profile: FloatArray | None,
        history: NDArray[np.int32],
    ) -> FloatArray:
        """Score all items for one user, given by vectors (d,) and a history."""
        inputs, n_items = self._inputs, len(self._inputs.item_desc)
        reads_affinity = len(self._network.inputs) > len(inputs.tables)
        affinity = _dense(inputs.affinities, history, n_items) if reads_affinity else None
        scores = np.empty(n_items, dtype=np.float32)
        for start in range(0, n_items, PREDICT_BATCH_SIZE):
            items = slice(start, start + PREDICT_BATCH_SIZE)
            n_rows = len(scores[items])
            users = [
                None if each is None else np.broadcast_to(each, (n_rows, len(each)))
                for each in (review, bought, profile)
            ]
            batch = [*users[:2], inputs.item_desc[items], inputs.item_price[items]]
            batch += [None if affinity is None else affinity[items], users[2]]
            given = batch[: len(self._network.inputs)]
            scores[items] = np.asarray(self._network(given, training=False)).reshape(-1)
        return scores

    def top_k(
        self, user_row: int, k: int, excluded: ItemRows, candidates: CandidateMask = None
    ) -> Ranking:
        """Rank by one pass over all scores."""
        return _ranked(self.score(user_row), k, excluded, candidates)

    def top_k_of_many(
        self,
        user_rows: Sequence[int],
        k: int,
        excluded: Sequence[ItemRows],
        candidates: CandidateMask = None,
    ) -> list[Ranking]:
        """Rank one user after another; a batch of Keras is one user's items."""
        return [
            self.top_k(user, k, rows, candidates)
            for user, rows in zip(user_rows, excluded, strict=True)
        ]

    def top_k_of_visitor(
        self, visitor: Visitor, k: int, excluded: ItemRows, candidates: CandidateMask = None
    ) -> Ranking:
        """Rank by one pass over all scores."""
        vectors = (visitor.user_review[0], visitor.user_item[0], visitor.user_profile[0])
        return _ranked(self._score(*vectors, visitor.history), k, excluded, candidates)

    def outputs(self, scores: FloatArray) -> FloatArray:
        """Scores are the outputs here."""
        return scores

    def describe(self) -> str:
        """Say that this is the slow way, and why."""
        return f"Keras in large batches ({self.reason})"

    def save(self, folder: Path) -> None:
        """Write the reason; the Keras file is all that is needed besides."""
        save_arrays(folder, {}, {"reason": self.reason})


def save_split(
    folder: Path,
    head: Head,
    arrays: Mapping[str, NDArray[Any]],
    visitors: VisitorRows,
    affinity_scoring: AffinityScoring | None,
) -> None:
    """Write a head, what it joins, and what visitors and affinities need, for `Model.open`."""
    save_head(head, folder / HEAD_FILE)
    visitors.save(folder)
    affinity_weights = (
        {} if affinity_scoring is None else {AFFINITY_WEIGHTS: affinity_scoring.affinity_weights}
    )
    save_arrays(folder, {**arrays, **affinity_weights}, {})


def _dense(
    affinities: Affinities | None, history: NDArray[np.int32], n_items: int
) -> FloatArray | None:
    """Affinities of a history to all items, (n_items, C)."""
    if affinities is None:
        return None
    dense = np.zeros((n_items, affinities.n_similarities), dtype=np.float32)
    touched, phi = affinities.of_history(history)
    dense[touched] = phi
    return dense


def _ranked(scores: FloatArray, k: int, excluded: ItemRows, candidates: CandidateMask) -> Ranking:
    rows = top_rows(scores, k, excluded, candidates)
    return Ranking(rows, scores[rows])
