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

from classes.array_folder import save_arrays
from recsys import joint
from recsys.artifacts import FloatArray
from recsys.joint import Head
from recsys.joint_file import save_head
from recsys.ranking import Ranking, top_rows

if TYPE_CHECKING:
    from classes.app_data_processing import ModelInputs

ItemRows = NDArray[np.int32]
"""Rows of items, ascending."""

CandidateMask = NDArray[np.bool_] | None
"""(n_items,), the items that may be recommended; None for all."""

HEAD_FILE: Final = "head.npz"

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
        self, user_rows: Sequence[int], k: int, excluded: Sequence[ItemRows]
    ) -> list[Ranking]:
        """Rank for many users as `top_k` does for each."""

    def outputs(self, scores: FloatArray) -> FloatArray:
        """Turn scores into the network's own outputs, probabilities where it ends in a sigmoid."""

    def describe(self) -> str:
        """Say how items are scored, in a few words."""

    def save(self, folder: Path) -> None:
        """Write what `Model.open` needs into a folder that already holds the Keras file."""


class TileScorer:
    """Scores a network that splits but for a deeper head, in tiles that stay in the cache."""

    def __init__(self, head: Head, user_half: FloatArray, item_half: FloatArray) -> None:
        """Take the head and both halves, (n_users, hu) and (n_items, hi) float32."""
        self.head = head
        self.user_half = user_half
        self.item_half = item_half

    @classmethod
    def from_arrays(cls, head: Head, arrays: Mapping[str, NDArray[Any]]) -> TileScorer:
        """Wrap what `save` wrote, which may be memory maps."""
        return cls(head, arrays["user_half"], arrays["item_half"])

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
        self, user_rows: Sequence[int], k: int, excluded: Sequence[ItemRows]
    ) -> list[Ranking]:
        """Rank for some users at a time, who share the tiles in the cache."""
        return [
            _ranked(scores, k, rows, None)
            for first in range(0, len(user_rows), USERS_AT_ONCE)
            for scores, rows in zip(
                self._score_many(user_rows[first : first + USERS_AT_ONCE]),
                excluded[first : first + USERS_AT_ONCE],
                strict=True,
            )
        ]

    def outputs(self, scores: FloatArray) -> FloatArray:
        """Apply what the head leaves out."""
        return joint.outputs(self.head, scores)

    def describe(self) -> str:
        """Name the head."""
        return joint.describe(self.head)

    def save(self, folder: Path) -> None:
        """Write head and halves."""
        save_split(folder, self.head, {"user_half": self.user_half, "item_half": self.item_half})

    def _score_many(self, user_rows: Sequence[int]) -> FloatArray:
        return joint.score(self.head, self.user_half[user_rows], self.item_half)


class PredictScorer:
    """Scores through Keras in large batches, for a network that doesn't split."""

    def __init__(self, network: Any, inputs: ModelInputs, reason: str) -> None:
        """Take a loaded Keras model, what it reads, and why there is no faster way."""
        self._network = network
        self._inputs = inputs
        self.reason = reason

    def score(self, user_row: int) -> FloatArray:
        """Score all items, (n_items,) float32; these are the network's own outputs."""
        inputs = self._inputs
        scores = np.empty(len(inputs.item_desc), dtype=np.float32)
        for start in range(0, len(scores), PREDICT_BATCH_SIZE):
            items = slice(start, start + PREDICT_BATCH_SIZE)
            n_rows = len(scores[items])
            batch = [
                np.broadcast_to(side[user_row], (n_rows, side.shape[1]))
                for side in (inputs.user_review, inputs.user_item)
            ]
            batch += [inputs.item_desc[items], inputs.item_price[items]]
            scores[items] = np.asarray(self._network(batch, training=False)).reshape(-1)
        return scores

    def top_k(
        self, user_row: int, k: int, excluded: ItemRows, candidates: CandidateMask = None
    ) -> Ranking:
        """Rank by one pass over all scores."""
        return _ranked(self.score(user_row), k, excluded, candidates)

    def top_k_of_many(
        self, user_rows: Sequence[int], k: int, excluded: Sequence[ItemRows]
    ) -> list[Ranking]:
        """Rank one user after another; a batch of Keras is one user's items."""
        return [self.top_k(user, k, rows) for user, rows in zip(user_rows, excluded, strict=True)]

    def outputs(self, scores: FloatArray) -> FloatArray:
        """Scores are the outputs here."""
        return scores

    def describe(self) -> str:
        """Say that this is the slow way, and why."""
        return f"Keras in large batches ({self.reason})"

    def save(self, folder: Path) -> None:
        """Write the reason; the Keras file is all that is needed besides."""
        save_arrays(folder, {}, {"reason": self.reason})


def save_split(folder: Path, head: Head, arrays: Mapping[str, NDArray[Any]]) -> None:
    """Write a head and what it joins, for `Model.open`."""
    save_head(head, folder / HEAD_FILE)
    save_arrays(folder, arrays, {})


def _ranked(scores: FloatArray, k: int, excluded: ItemRows, candidates: CandidateMask) -> Ranking:
    rows = top_rows(scores, k, excluded, candidates)
    return Ranking(rows, scores[rows])
