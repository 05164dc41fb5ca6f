"""Which items are chosen more often lately than before."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

SHRINKAGE = 5.0
"""Interactions that an item would have to have for its own rise to count as much as none."""


def rises(recent: NDArray[np.integer], earlier: NDArray[np.integer]) -> NDArray[np.float64]:
    """Compare the share of each item in recent interactions with its earlier share, shrunk.

        rise_j = (r_j + a) / (E_j + a),    E_j = e_j Σ r / Σ e

    r_j and e_j are the recent and the earlier interactions of item j, and E_j is how many
    recent ones it would have had, had it kept its share. Where the ratio of rates has a gamma
    prior of mean 1 and shape a = 5 and counts are Poisson, this is its posterior mean: the
    gamma-Poisson shrinker (DuMouchel, The American Statistician 53, 1999). An item with one
    interaction where none was expected rises to 1.2, one with 20 to 5.

    Args:
        recent: (n_items,) interactions of each item in the recent period.
        earlier: (n_items,) in the period before it, which need not be as long.

    Returns:
        (n_items,) 1 where nothing has changed; 1 everywhere if either period is empty.

    >>> rises(np.array([15, 5]), np.array([10, 30])).tolist()
    [2.0, 0.5]
    """
    n_recent, n_earlier = int(recent.sum()), int(earlier.sum())
    if not n_recent or not n_earlier:
        return np.ones(len(recent))
    expected = earlier * (n_recent / n_earlier)
    return (recent + SHRINKAGE) / (expected + SHRINKAGE)
