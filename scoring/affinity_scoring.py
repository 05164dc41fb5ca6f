"""How affinities enter the scores of a split model: what they add to the items' rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import FloatArray
from scoring import search
from scoring.affinities import Affinities
from scoring.affinity import compiled_form


class AffinityScoring:
    """Gives the compiled search what the histories of users add to the items' rows.

    Attributes:
        affinities: Of users to items.
        gains: (C, head.item_width) float32, what a unit of each affinity adds to a row.
    """

    def __init__(self, affinities: Affinities, affinity_weights: FloatArray) -> None:
        """Bring together the data's affinities and the model's use of them."""
        self.affinities = affinities
        self.affinity_weights = search.frozen(affinity_weights, np.float32)
        self._similarities = compiled_form(affinities.similarities)

    def of_users(self, user_rows: Sequence[int]) -> search.Affinity:
        """Of known users."""
        return self.of_histories([self.affinities.history(row) for row in user_rows])

    def of_histories(self, histories: Sequence[NDArray[np.int32]]) -> search.Affinity:
        """Of anybody by item rows, newest first."""
        starts = np.cumsum([0, *map(len, histories)])
        items = histories[0] if len(histories) == 1 else np.concatenate(histories)
        return search.Affinity(
            self._similarities,
            self.affinity_weights,
            search.frozen(starts, np.int64),
            search.frozen(items, np.int32),
            self.affinities.workspace,
        )

    def rows_of(
        self, item_half: FloatArray, history: NDArray[np.int32]
    ) -> tuple[NDArray[np.int32], FloatArray]:
        """The items that a history touches, and their rows (t, head.item_width)."""
        touched, phi = self.affinities.of_history(history)
        return touched, item_half[touched] + phi @ self.affinity_weights
