"""item similarities: how much having one item speaks for another, as sparse arrays."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import FloatArray


class ItemSimilarities(NamedTuple):
    """item similarities, sparse, in one set of arrays that can be mapped from files.

    Attributes:
        names: (C,) str, in the order of the affinity columns.
        recency_decay: (C,) float32, how fast older items of a history lose weight.
        starts: (n_items * C + 1,) int64; what item i says in similarity c stands from
            starts[i * C + c] to the next start.
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
        """Items that have a row, all of the catalog."""
        return (len(self.starts) - 1) // max(self.n_similarities, 1)


def stack_similarities(
    names: list[str],
    recency_decay: NDArray[Any],
    entries: tuple[NDArray[Any], NDArray[Any], NDArray[Any], NDArray[Any]],
    n_items: int,
) -> ItemSimilarities:
    """Bring the entries of all similarities into compressed rows.

    Args:
        names: Of the similarities, in the order of the affinity columns.
        recency_decay: (C,) float.
        entries: Similarity number, item row, neighbor row and weight of each entry, (nnz,)
            each; a pair stands at most once in a similarity.
        n_items: Items of the catalog.
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
