"""The neighbors of an item by each item similarity that the ranker reads."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from recsys.item_similarities import ItemSimilarities
from recsys.ranking import Ranking


def neighbors(
    similarities: ItemSimilarities, item_row: int, n: int
) -> Iterator[tuple[str, Ranking]]:
    """Yield the name of each similarity with the n items that an item speaks for most.

    Equal weights are ranked by lower row.
    """
    width = similarities.n_similarities
    for column, name in enumerate(similarities.names.tolist()):
        begin, end = similarities.starts[item_row * width + column :][:2]
        rows, weights = similarities.neighbors[begin:end], similarities.weights[begin:end]
        order = np.lexsort((rows, -weights))[:n]
        yield name, Ranking(rows[order], weights[order])
