"""How affinities enter the scores of a split model: what they add to the items' rows."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from classes.affinities import Affinities
from recsys import kernels
from recsys.artifacts import FloatArray


class Touch:
    """Gives the compiled search what the histories of users add to the items' rows.

    Attributes:
        affinities: Of users to items.
        gains: (C, head.item_width) float32, what a unit of each affinity adds to a row.
    """

    def __init__(self, affinities: Affinities, gains: FloatArray) -> None:
        """Bring together the data's affinities and the model's use of them."""
        self.affinities = affinities
        self.gains = kernels.frozen(gains, np.float32)
        self._kernels = affinities.kernels.compiled

    def of_users(self, user_rows: Sequence[int]) -> kernels.Affinity:
        """Of known users."""
        return self.of_histories([self.affinities.history(row) for row in user_rows])

    def of_histories(self, histories: Sequence[NDArray[np.int32]]) -> kernels.Affinity:
        """Of anybody by item rows, newest first."""
        starts = np.cumsum([0, *map(len, histories)])
        items = histories[0] if len(histories) == 1 else np.concatenate(histories)
        return kernels.Affinity(
            self._kernels,
            self.gains,
            kernels.frozen(starts, np.int64),
            kernels.frozen(items, np.int32),
            self.affinities.room,
        )

    def rows_of(
        self, item_half: FloatArray, history: NDArray[np.int32]
    ) -> tuple[NDArray[np.int32], FloatArray]:
        """The items that a history touches, and their rows (t, head.item_width)."""
        touched, phi = self.affinities.of_history(history)
        return touched, item_half[touched] + phi @ self.gains
