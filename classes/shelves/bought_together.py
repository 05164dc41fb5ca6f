"""What is chosen together with the items of a cart."""

from __future__ import annotations

from typing import Final

import numpy as np

from classes.app_data_processing import AppDataProcessor
from classes.candidates import Candidates
from classes.errors import UnknownNameError
from recsys.arrays import ItemRows
from recsys.ranking import Ranking, top_rows

BY_CHOICE: Final = ("seq", "cf", "now")
"""Names of similarities that come from what people chose, the one to prefer first."""


def bought_together(
    data: AppDataProcessor, cart: ItemRows, candidates: Candidates, n: int
) -> Ranking:
    """Rank the n items that the items of a cart speak for most, without those.

        similarity(j) = Σ_i S[i, j]

    over the items i of the cart, S being the first similarity of `BY_CHOICE` that the data has:
    usually how often j was chosen soon after i, damped against popular items.

    Args:
        data: Has the similarities.
        cart: Distinct item rows, ascending.
        candidates: The items that may be listed.
        n: Most items.

    Raises:
        UnknownNameError: The data has no such similarity.
    """
    similarities = None if data.affinities is None else data.affinities.similarities
    names = [] if similarities is None else similarities.names.tolist()
    name = next((name for name in BY_CHOICE if name in names), None)
    if similarities is None or name is None:
        raise UnknownNameError(
            "The data doesn't say which items are chosen together: there is no item_affinity_df.pq "
            f"with one of the similarities {', '.join(BY_CHOICE)}. `python -m pipeline train` "
            "writes it."
        )
    sums = np.zeros(data.n_items, dtype=np.float64)
    for segment in cart.astype(np.int64) * similarities.n_similarities + names.index(name):
        entries = slice(similarities.starts[segment], similarities.starts[segment + 1])
        sums[similarities.neighbors[entries]] += similarities.weights[entries]
    listed = sums > 0 if candidates.mask is None else candidates.mask & (sums > 0)
    rows = top_rows(sums, n, cart, listed)
    return Ranking(rows, sums[rows].astype(np.float32))
