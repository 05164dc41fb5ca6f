"""Affinities: how strongly the newest items of a user speak for each of the others.

Nothing is learned per user. Training lists, evaluation and the service's answers all come from
here. The formulas are in docs/scoring.md.
"""

from __future__ import annotations

import threading
from collections.abc import Mapping, Sequence
from functools import cached_property
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import FloatArray, ItemRows
from recsys.history import NO_WEIGHTS
from recsys.item_similarities import ItemSimilarities
from storage.name_table import Arrays

if TYPE_CHECKING:
    from scoring.search import CompiledAffinities, CompiledSimilarities, Workspace

PREFIX: Final = "affinity_"

AffectedItems = tuple[ItemRows, FloatArray]
"""Item rows ascending (t,) int32, and their affinities (t, C) float32; all others have none."""


class Affinities:
    """Affinities of known users by row, and of anybody by the items of a history.

    Threads may share it: each adds up in a workspace of its own, which is kept.

    Attributes:
        similarities: The item similarities.
    """

    def __init__(
        self,
        similarities: ItemSimilarities,
        history_starts: NDArray[np.int64],
        history_items: ItemRows,
        history_weights: FloatArray = NO_WEIGHTS,
    ) -> None:
        """Wrap similarities and the arrays of a `History`, in memory or mapped from files."""
        self.similarities = similarities
        self._starts = history_starts
        self._items = history_items
        self._weights = history_weights
        self._of_thread = threading.local()

    @staticmethod
    def arrays(similarities: ItemSimilarities) -> Arrays:
        """Name the arrays of the similarities for saving."""
        return {PREFIX + name: array for name, array in similarities._asdict().items()}

    @classmethod
    def from_arrays(cls, arrays: Mapping[str, NDArray[Any]]) -> Affinities | None:
        """Wrap arrays named by `arrays`, and the histories; None where there are no similarities."""
        if PREFIX + "weights" not in arrays:
            return None
        similarities = ItemSimilarities(
            *(arrays[PREFIX + name] for name in ItemSimilarities._fields)
        )
        weights = arrays.get("history_weights", NO_WEIGHTS)
        return cls(similarities, arrays["history_starts"], arrays["history_items"], weights)

    @property
    def n_similarities(self) -> int:
        """Columns of an affinity, C."""
        return self.similarities.n_similarities

    def history(self, user_row: int) -> ItemRows:
        """Items of a known user, newest first."""
        return self._items[self._starts[user_row] : self._starts[user_row + 1]]

    def history_weights(self, user_row: int) -> FloatArray:
        """What each item of the history of a known user counts for; empty where that is 1."""
        return self._weights[self._starts[user_row] : self._starts[user_row + 1]]

    def of_user(self, user_row: int) -> AffectedItems:
        """Find the items that the history of a known user speaks for."""
        return self.of_history(self.history(user_row), self.history_weights(user_row))

    def of_history(self, items: ItemRows, weights: FloatArray = NO_WEIGHTS) -> AffectedItems:
        """Find the items that a history (h,) int32, newest first, speaks for, and how much.

        Args:
            items: The history.
            weights: (h,) float32, what each item counts for; empty where that is 1.
        """
        from scoring import search  # numba takes half a second, which not every process needs

        history, counts = search.frozen(items, np.int32), search.frozen(weights, np.float32)
        found = search.affected_items(self.compiled, history, counts, self.workspace)
        return cast(AffectedItems, found)

    def to_items(
        self, item_rows: NDArray[Any], history: ItemRows, weights: FloatArray = NO_WEIGHTS
    ) -> FloatArray:
        """Compute the affinities of a history, as `of_history` takes it, to items: (n, C) float32."""
        from scoring import search

        starts, nobody_else = np.array([0, len(history)]), np.zeros(len(item_rows), dtype=np.int64)
        items, counts = search.frozen(history, np.int32), search.frozen(weights, np.float32)
        asked = search.frozen(np.asarray(item_rows), np.int64)
        result = np.empty((len(item_rows), self.n_similarities), dtype=np.float32)
        search.phi_of_pairs(
            self.compiled,
            search.frozen(starts, np.int64),
            items,
            counts,
            search.frozen(nobody_else, np.int64),
            asked,
            self.workspace,
            result,
        )
        return result

    def of_pairs(self, user_rows: NDArray[Any], item_rows: NDArray[Any]) -> FloatArray:
        """Compute the affinities of known users to items, pair by pair (n,): (n, C) float32."""
        from scoring import search

        order = np.argsort(user_rows, kind="stable")
        users, items = (
            search.frozen(np.asarray(rows)[order], np.int64) for rows in (user_rows, item_rows)
        )
        grouped = np.empty((len(order), self.n_similarities), dtype=np.float32)
        search.phi_of_pairs(
            self.compiled, *self._compiled_histories, users, items, self.workspace, grouped
        )
        result = np.empty_like(grouped)
        result[order] = grouped
        return result

    def top_items(self, user_rows: NDArray[Any], n: int) -> ItemRows:
        """Rank the n items of largest positive affinity in each similarity, for known users.

        Returns:
            (m, C, n) int32 item rows, best first, equal affinities by lower row; -1 where
            there are fewer.
        """
        from scoring import search

        users = search.frozen(np.asarray(user_rows), np.int64)
        rows = np.full((len(users), self.n_similarities, n), -1, dtype=np.int32)
        search.top_of_users(self.compiled, *self._compiled_histories, users, self.workspace, rows)
        return rows

    @cached_property
    def compiled(self) -> CompiledSimilarities:
        """The similarities as compiled functions take them."""
        from scoring import search

        return search.CompiledSimilarities.of(self.similarities)

    @property
    def workspace(self) -> Workspace:
        """The workspace of the calling thread; all zero."""
        if not hasattr(self._of_thread, "workspace"):
            from scoring import search

            self._of_thread.workspace = search.Workspace.for_items(
                self.similarities.n_items, self.n_similarities
            )
        return cast("Workspace", self._of_thread.workspace)

    @property
    def _compiled_histories(self) -> tuple[NDArray[np.int64], ItemRows, FloatArray]:
        from scoring import search

        return (
            search.frozen(self._starts, np.int64),
            search.frozen(self._items, np.int32),
            search.frozen(self._weights, np.float32),
        )


class AffinityScoring:
    """How affinities change the scores of one model, which adds them up in its item half.

    Attributes:
        affinities: Of users to items.
        affinity_weights: (C, head.item_width) float32, what a unit of each affinity adds to an
            item's row.
    """

    def __init__(self, affinities: Affinities, affinity_weights: FloatArray) -> None:
        from scoring import search

        self.affinities = affinities
        self.affinity_weights = search.frozen(affinity_weights, np.float32)

    def of_users(self, user_rows: Sequence[int]) -> CompiledAffinities:
        """Prepare the histories of known users for a search."""
        return self.of_histories(
            [self.affinities.history(row) for row in user_rows],
            [self.affinities.history_weights(row) for row in user_rows],
        )

    def of_histories(
        self, histories: Sequence[ItemRows], weights: Sequence[FloatArray]
    ) -> CompiledAffinities:
        """Prepare histories, each of item rows newest first, for a search.

        Args:
            histories: The histories.
            weights: What the items of each count for; all empty where that is 1 throughout.
        """
        from scoring import search

        starts = np.cumsum([0, *map(len, histories)])
        alone = len(histories) == 1
        items = histories[0] if alone else np.concatenate(histories)
        counts = weights[0] if alone else np.concatenate(weights)
        return search.CompiledAffinities(
            self.affinities.compiled,
            self.affinity_weights,
            search.frozen(starts, np.int64),
            search.frozen(items, np.int32),
            search.frozen(counts, np.float32),
            self.affinities.workspace,
        )

    def rows_of(
        self, item_half: FloatArray, history: ItemRows, weights: FloatArray
    ) -> tuple[ItemRows, FloatArray]:
        """Find the items that a history affects, and compute their rows (t, head.item_width)."""
        affected, phi = self.affinities.of_history(history, weights)
        return affected, item_half[affected] + phi @ self.affinity_weights
