"""What the newest items of users, and of visitors, say about the other items."""

from __future__ import annotations

import threading
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import FloatArray
from recsys.item_similarities import ItemSimilarities
from storage.name_table import Arrays

if TYPE_CHECKING:
    from scoring.search import Workspace

PREFIX: Final = "affinity_"

Touched = tuple[NDArray[np.int32], FloatArray]
"""Item rows ascending (t,) int32, and their affinities (t, C) float32; all others have none."""


class Affinities:
    """Affinities of known users by row, and of anybody by the items of a history.

    Threads may share it: each adds up in workspace of its own, which it keeps.

    Attributes:
        similarities: The item similarities.
    """

    def __init__(
        self,
        similarities: ItemSimilarities,
        history_starts: NDArray[np.int64],
        history_items: NDArray[np.int32],
    ) -> None:
        """Wrap similarities and histories, in memory or mapped from files."""
        self.similarities = similarities
        self._starts = history_starts
        self._items = history_items
        self._of_thread = threading.local()

    @staticmethod
    def arrays(similarities: ItemSimilarities) -> Arrays:
        """Name the arrays of the similarities for saving."""
        return {PREFIX + name: array for name, array in similarities._asdict().items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Affinities | None:
        """Wrap arrays that `arrays` named, and the histories; None where there are no similarities."""
        if PREFIX + "weights" not in arrays:
            return None
        similarities = ItemSimilarities(
            *(arrays[PREFIX + name] for name in ItemSimilarities._fields)
        )
        return cls(similarities, arrays["history_starts"], arrays["history_items"])

    @property
    def n_similarities(self) -> int:
        """Columns of an affinity."""
        return self.similarities.n_similarities

    def history(self, user_row: int) -> NDArray[np.int32]:
        """Items of a known user, newest first."""
        return self._items[self._starts[user_row] : self._starts[user_row + 1]]

    def of_user(self, user_row: int) -> Touched:
        """What the history of a known user touches."""
        return self.of_history(self.history(user_row))

    def of_history(self, items: NDArray[np.int32]) -> Touched:
        """What some items touch, newest first (h,) int32."""
        from scoring.affinity import affinities  # numba costs who never scores half a second

        return affinities(self.similarities, items, self.workspace)

    @property
    def workspace(self) -> Workspace:
        """Where this thread adds up; all zero."""
        from scoring.affinity import new_workspace

        workspace = getattr(self._of_thread, "workspace", None)
        if workspace is None:
            workspace = self._of_thread.workspace = new_workspace(self.similarities)
        return cast("Workspace", workspace)
