"""Several similarities in one set of arrays: stacking them and scaling each, in compiled code.

`recsys.item_similarities.stack_similarities` does the same for entries in any order. Training
stacks tens of millions of entries for every fold, which come by item.
"""

from __future__ import annotations

import numpy as np

from pipeline.train.ranker.nearest import Entries
from recsys.arrays import FloatArray
from recsys.item_similarities import ItemSimilarities
from scoring.search.jit import entry
from scoring.search.tables import Array, frozen


def stack(names: list[str], decays: FloatArray, parts: list[Entries]) -> ItemSimilarities:
    """Stack the entries of all similarities into compressed rows, in their order."""
    counts = np.stack([part.counts for part in parts], axis=1)
    starts = np.concatenate([[0], np.cumsum(counts)]).astype(np.int64)
    neighbors, weights = np.empty(starts[-1], np.int32), np.empty(starts[-1], np.float32)
    for number, part in enumerate(parts):
        own = [frozen(column, column.dtype) for column in part]
        _place(*own, frozen(starts[number : -1 : len(parts)], np.int64), neighbors, weights)
    return ItemSimilarities(np.array(names, dtype=np.str_), decays, starts, neighbors, weights)


def scale(similarities: ItemSimilarities, factors: Array) -> ItemSimilarities:
    """Multiply the weights of each similarity by its factor, (C,) float64."""
    weights = np.empty_like(similarities.weights)
    starts = frozen(similarities.starts, np.int64)
    _multiply(starts, frozen(similarities.weights, np.float32), factors, weights)
    return similarities._replace(weights=weights)


@entry
def _place(
    counts: Array, neighbors: Array, weights: Array, starts: Array, to: Array, to_weights: Array
) -> None:
    """Copy the entries of each item to where its row starts."""
    number = 0
    for item in range(counts.size):
        for place in range(starts[item], starts[item] + counts[item]):
            to[place], to_weights[place] = neighbors[number], weights[number]
            number += 1


@entry
def _multiply(starts: Array, weights: Array, factors: Array, out: Array) -> None:
    """Write each weight times the factor of its similarity, in float64 and rounded once."""
    for row in range(starts.size - 1):
        factor = factors[row % factors.size]
        for place in range(starts[row], starts[row + 1]):
            out[place] = np.float64(weights[place]) * factor
