"""The ways to score every item for a user; a snapshot uses the fastest that is exact.

Each scorer offers the same two calls:

    score(user_row) -> (n_items,) float32, in the order of which the network's outputs are
    top_k(user_row, k, excluded) -> Ranking, best first, ties by lower row
    outputs(scores) -> what the network itself puts out for these scores

and must give the ranking that `model.predict` over all items gives.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

import numpy as np
from numpy.typing import NDArray

from recsys import joint
from recsys.artifacts import FloatArray
from recsys.joint import Head
from recsys.ranking import Ranking, top_rows

if TYPE_CHECKING:
    from classes.app_data_processing import ModelInputs

PREDICT_BATCH_SIZE = 8192


class SplitScorer:
    """Scores with the precomputed halves of a network that splits."""

    def __init__(self, head: Head, user_half: FloatArray, item_half: FloatArray) -> None:
        """Take the head and both halves, (n_users, hu) and (n_items, hi) float32."""
        self.head = head
        self.user_half = user_half
        self.item_half = item_half

    @property
    def arrays(self) -> dict[str, FloatArray]:
        """Both halves, named for saving."""
        return {"user_half": self.user_half, "item_half": self.item_half}

    def score(self, user_row: int) -> FloatArray:
        """Score all items, (n_items,) float32."""
        rows = self.user_half[user_row : user_row + 1]
        return cast(FloatArray, joint.score(self.head, rows, self.item_half)[0])

    def top_k(self, user_row: int, k: int, excluded: NDArray[np.int32]) -> Ranking:
        """Rank by one pass over all scores."""
        return _ranked(self.score(user_row), k, excluded)

    def outputs(self, scores: FloatArray) -> FloatArray:
        """Turn scores into the network's outputs, probabilities for the mission's network."""
        return joint.outputs(self.head, scores)

    def describe(self) -> str:
        """Name the head."""
        return joint.describe(self.head)


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

    def top_k(self, user_row: int, k: int, excluded: NDArray[np.int32]) -> Ranking:
        """Rank by one pass over all scores."""
        return _ranked(self.score(user_row), k, excluded)

    def outputs(self, scores: FloatArray) -> FloatArray:
        """Scores are the outputs here."""
        return scores

    def describe(self) -> str:
        """Say that this is the slow way, and why."""
        return f"Keras in large batches ({self.reason})"


def _ranked(scores: FloatArray, k: int, excluded: NDArray[np.int32]) -> Ranking:
    rows = top_rows(scores, k, excluded)
    return Ranking(rows, scores[rows])
