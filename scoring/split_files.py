"""What the scorers of a split network share, and how it is stored."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

from numpy.typing import NDArray

from recsys.arrays import FloatArray
from scoring.head.head_file import save_head
from scoring.head.joint import Head
from storage.array_folder import save_arrays

if TYPE_CHECKING:
    from scoring.affinities import AffinityScoring
    from scoring.visitor_rows import VisitorRows

HEAD_FILE: Final = "head.npz"
AFFINITY_WEIGHTS: Final = "affinity_weights"


class SplitParts(NamedTuple):
    """A split network but for its item half.

    Attributes:
        head: Joins the two halves.
        user_half: (n_users, head.user_width) float32.
        visitors: Computes user rows for visitors.
        affinity_scoring: What histories add to the items' rows, for a network that reads
            affinities.
    """

    head: Head
    user_half: FloatArray
    visitors: VisitorRows
    affinity_scoring: AffinityScoring | None = None

    def save(self, folder: Path, item_arrays: Mapping[str, NDArray[Any]]) -> None:
        """Write the parts and the arrays of the items."""
        save_head(self.head, folder / HEAD_FILE)
        self.visitors.save(folder)
        arrays = {"user_half": self.user_half, **item_arrays}
        if self.affinity_scoring is not None:
            arrays[AFFINITY_WEIGHTS] = self.affinity_scoring.affinity_weights
        save_arrays(folder, arrays, {})
