"""Several similarities in one set of arrays: stacking them and scaling each, in compiled code.

`recsys.item_similarities.stack_similarities` does the same for entries in any order. Training
stacks tens of millions of entries for every fold, which come by item.
"""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.train.ranker.nearest import Entries
from recsys.arrays import FloatArray
from recsys.history import History
from recsys.item_similarities import ItemSimilarities
from scoring.affinities import Affinities
from scoring.search.jit import entry
from scoring.search.tables import Array, frozen

SCALE: Final = 3.0
SCALE_PLACE: Final = 20
SCALE_USERS: Final = 2_000
SCALE_SEED: Final = 0


def stack(names: list[str], decays: FloatArray, parts: list[Entries]) -> ItemSimilarities:
    """Stack the entries of all similarities into compressed rows, in their order.

    One that is empty gets an entry of weight 0: without any it would be absent from the file,
    and its column from the affinities.
    """
    parts = [part if len(part.weights) else _nothing(len(part.counts)) for part in parts]
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


def scale_users(history: History) -> NDArray[np.int64]:
    """Draw the users from whom scales are taken: at most 2,000 with a history."""
    present = np.flatnonzero(np.diff(history.starts))
    return np.random.default_rng(SCALE_SEED).permutation(present)[:SCALE_USERS]


def scaled(similarities: ItemSimilarities, history: History) -> ItemSimilarities:
    """Bring each similarity to one scale: 3 / s_c, s_c the mean 20th largest affinity of a user."""
    drawn = scale_users(history)
    affinities = Affinities(similarities, history.starts, history.items)
    items = affinities.top_items(drawn, SCALE_PLACE)[:, :, -1]
    place, similarity = np.nonzero(items >= 0)
    phi = affinities.of_pairs(drawn[place], items[place, similarity])
    sums = np.zeros(items.shape)
    sums[place, similarity] = np.expm1(phi[np.arange(len(phi)), similarity].astype(np.float64))
    means = sums.sum(axis=0) / max(len(drawn), 1)
    return scale(similarities, np.where(means > 0, SCALE / np.where(means > 0, means, 1.0), 1.0))


def _nothing(n_items: int) -> Entries:
    counts, last = np.zeros(n_items, dtype=np.int32), np.array([n_items - 1], dtype=np.int32)
    counts[0] = 1
    return Entries(counts, last, np.zeros(1, dtype=np.float32))


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
