"""Item similarities: how strongly having one item speaks for another, as sparse arrays."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import FloatArray


class ItemSimilarities(NamedTuple):
    """All item similarities in one set of sparse arrays, which can be mapped from files.

    Attributes:
        names: (C,) str, names of the similarities in the order of the affinity columns.
        recency_decay: (C,) float32, how fast the older items of a history lose weight.
        starts: (n_items * C + 1,) int64; the entries of item i in similarity c are those
            from starts[i * C + c] to the next start.
        neighbors: (nnz,) int32 item rows.
        weights: (nnz,) float32, finite.
    """

    names: NDArray[np.str_]
    recency_decay: FloatArray
    starts: NDArray[np.int64]
    neighbors: NDArray[np.int32]
    weights: FloatArray

    @property
    def n_similarities(self) -> int:
        """Affinity columns, C."""
        return len(self.recency_decay)

    @property
    def n_items(self) -> int:
        """Items of the catalog."""
        return (len(self.starts) - 1) // max(self.n_similarities, 1)


def stack_similarities(
    names: list[str],
    recency_decay: NDArray[Any],
    entries: tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]],
    n_items: int,
) -> ItemSimilarities:
    """Sort the entries of all similarities into compressed rows.

    Args:
        names: Names of the similarities, in the order of the affinity columns.
        recency_decay: (C,) float, how fast the older items of a history lose weight.
        entries: Similarity number, item row, neighbor row and weight of each entry, (nnz,)
            each; a similarity has at most one entry per pair.
        n_items: Number of items in the catalog.
    """
    similarity, item, neighbor, weight = entries
    rows = item.astype(np.int64) * len(names) + similarity
    order = np.argsort(rows, kind="stable")
    counts = np.bincount(rows, minlength=n_items * len(names))
    return ItemSimilarities(
        np.array(names, dtype=np.str_),
        np.asarray(recency_decay, dtype=np.float32),
        np.concatenate([[0], np.cumsum(counts)]).astype(np.int64),
        neighbor[order].astype(np.int32),
        weight[order].astype(np.float32),
    )
