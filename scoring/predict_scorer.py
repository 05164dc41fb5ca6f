"""Scores through Keras in large batches, for a network that doesn't split."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import FloatArray, ItemRows
from recsys.columns import MODEL_INPUTS
from recsys.history import NO_WEIGHTS
from recsys.ranking import Ranking
from scoring.inputs import AFFINITY
from scoring.scorer import CandidateMask, ItemOffsets, ranking_of
from storage.array_folder import save_arrays

if TYPE_CHECKING:
    from scoring.affinities import Affinities
    from scoring.inputs import Inputs, ModelInputs, Visitor

NO_ROWS: Final = np.empty(0, dtype=np.int32)
PREDICT_BATCH_SIZE: Final = 8192


class PredictScorer:
    """Calls the network for every item; the scores are its own outputs.

    Attributes:
        slow_reason: Why there is no faster way.
    """

    def __init__(self, network: Any, inputs: ModelInputs, reason: str) -> None:
        self._network = network
        self._inputs = inputs
        self.slow_reason: str | None = reason

    def score(self, user_row: int) -> FloatArray:
        """Score all items, as `Scorer` says."""
        inputs, affinities = self._inputs, self._inputs.affinities
        profile = None if inputs.user_profile is None else inputs.user_profile[user_row]
        history, weights = NO_ROWS, NO_WEIGHTS
        if affinities is not None:
            history, weights = affinities.history(user_row), affinities.history_weights(user_row)
        review, bought = inputs.user_review[user_row], inputs.user_item[user_row]
        return self._score(review, bought, profile, history, weights)

    def top_k(
        self,
        user_rows: Sequence[int],
        k: int,
        excluded: Sequence[ItemRows],
        candidates: CandidateMask = None,
        offsets: ItemOffsets = None,
    ) -> list[Ranking]:
        """Rank for one user after another; a batch of Keras is one user's items."""
        return [
            ranking_of(self._rankable(self.score(user_row), offsets), k, rows, candidates, offsets)
            for user_row, rows in zip(user_rows, excluded, strict=True)
        ]

    def top_k_of_visitor(
        self,
        visitor: Visitor,
        k: int,
        excluded: ItemRows,
        candidates: CandidateMask = None,
        offsets: ItemOffsets = None,
    ) -> Ranking:
        """Rank by one pass over all items."""
        vectors = (visitor.user_review[0], visitor.user_item[0], visitor.user_profile[0])
        outputs = self._score(*vectors, visitor.history, visitor.history_weights)
        scores = self._rankable(outputs, offsets)
        return ranking_of(scores, k, excluded, candidates, offsets)

    @property
    def inputs_read(self) -> frozenset[str]:
        """Names of the inputs that the network has."""
        return frozenset(MODEL_INPUTS[: len(self._network.inputs)])

    def score_grid(
        self, users: Inputs, items: Inputs, affinities: NDArray[Any] | None
    ) -> NDArray[np.float64]:
        """Call the network for all pairs at once."""
        given: dict[str, NDArray[Any]] = {**users, **items}
        shape = len(users["user_review"]), len(items["item_desc"]), 1
        if affinities is not None:
            given[AFFINITY] = affinities
            shape = *shape[:2], len(affinities)
        places = np.indices(shape).reshape(3, -1)
        batch = [
            given[name].astype(np.float32)[
                places[0 if name in users else 1 if name in items else 2]
            ]
            for name in MODEL_INPUTS[: len(self._network.inputs)]
        ]
        outputs = np.asarray(self._network(batch, training=False))
        return outputs.reshape(shape).astype(np.float64)

    def outputs(self, scores: FloatArray) -> FloatArray:
        """Return the scores, which are the outputs here."""
        return scores

    def describe(self) -> str:
        """Describe the slow way, and why it is taken."""
        return f"Keras in large batches ({self.slow_reason})"

    def save(self, folder: Path) -> None:
        """Write the reason; otherwise the Keras file is all that is needed."""
        save_arrays(folder, {}, {"reason": self.slow_reason})

    def _rankable(self, outputs: FloatArray, offsets: ItemOffsets) -> FloatArray:
        """Turn probabilities into logits where something is to be added to them, (n_items,)."""
        last = self._network.layers[-1] if offsets is not None else None
        if getattr(getattr(last, "activation", None), "__name__", "") != "sigmoid":
            return outputs
        chances = outputs.astype(np.float64)
        with np.errstate(divide="ignore"):  # outputs that round to 0 or 1
            return np.asarray(np.log(chances) - np.log1p(-chances), dtype=np.float32)

    def _score(
        self,
        review: FloatArray,
        bought: FloatArray,
        profile: FloatArray | None,
        history: ItemRows,
        weights: FloatArray,
    ) -> FloatArray:
        """Score all items for one user, given by vectors (d,) and a history."""
        inputs, n_items = self._inputs, len(self._inputs.item_desc)
        n_inputs = len(self._network.inputs)
        affinity = None
        if n_inputs > len(inputs.tables):
            affinity = _dense(inputs.affinities, history, weights, n_items)
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
            outputs = self._network(batch[:n_inputs], training=False)
            scores[items] = np.asarray(outputs).reshape(-1)
        return scores


def _dense(
    affinities: Affinities | None, history: ItemRows, weights: FloatArray, n_items: int
) -> FloatArray | None:
    """Compute the affinities of a history to all items, (n_items, C)."""
    if affinities is None:
        return None
    dense = np.zeros((n_items, affinities.n_similarities), dtype=np.float32)
    affected, phi = affinities.of_history(history, weights)
    dense[affected] = phi
    return dense
