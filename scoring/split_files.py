"""What the scorers of a split network share, and how it is stored."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import FloatArray
from scoring.head.head_file import save_head
from scoring.head.joint import Head, precise_scores
from scoring.inputs import AFFINITY
from scoring.saved_half import ITEM_HALF_FILE, USER_HALF_FILE, SavedHalf
from storage.array_folder import save_arrays

if TYPE_CHECKING:
    from scoring.affinities import AffinityScoring
    from scoring.inputs import Inputs, Visitor

HEAD_FILE: Final = "head.npz"
AFFINITY_WEIGHTS: Final = "affinity_weights"


class SplitParts(NamedTuple):
    """A split network but for the rows of its items.

    Attributes:
        head: Joins the two halves.
        user_half: (n_users, head.user_width) float32.
        users: Computes user rows, for visitors.
        items: Computes item rows without affinities.
        affinity_scoring: What histories add to the items' rows, for a network that reads
            affinities.
    """

    head: Head
    user_half: FloatArray
    users: SavedHalf
    items: SavedHalf
    affinity_scoring: AffinityScoring | None = None

    def save(self, folder: Path, item_arrays: Mapping[str, NDArray[Any]]) -> None:
        """Write the parts and the arrays of the items."""
        save_head(self.head, folder / HEAD_FILE)
        self.users.save(folder / USER_HALF_FILE)
        self.items.save(folder / ITEM_HALF_FILE)
        arrays = {"user_half": self.user_half, **item_arrays}
        if self.affinity_scoring is not None:
            arrays[AFFINITY_WEIGHTS] = self.affinity_scoring.affinity_weights
        save_arrays(folder, arrays, {})

    def row_of_visitor(self, visitor: Visitor) -> FloatArray:
        """Compute the user row of somebody without an id, (1, head.user_width) float32."""
        return self.users.compute(visitor.inputs)

    @property
    def inputs_read(self) -> frozenset[str]:
        """Names of the inputs that the network reads."""
        affinity = {AFFINITY} if self.affinity_scoring is not None else set()
        return self.users.inputs_read | self.items.inputs_read | affinity

    def score_grid(
        self, users: Inputs, items: Inputs, affinities: NDArray[Any] | None
    ) -> NDArray[np.float64]:
        """Score every user with every item and affinity, as `Scorer` says."""
        user_rows = self.users.compute(users).astype(np.float64)
        item_rows = self.items.compute(items).astype(np.float64)[:, np.newaxis]
        if affinities is not None and self.affinity_scoring is not None:
            item_rows = item_rows + affinities @ self.affinity_scoring.affinity_weights
        shape = len(user_rows), *item_rows.shape[:2]
        flat = item_rows.reshape(-1, item_rows.shape[-1])
        return precise_scores(self.head, user_rows, flat).reshape(shape)
