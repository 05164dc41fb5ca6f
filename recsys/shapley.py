"""Shapley values: what each of a few parts adds to a number that they make together."""

from __future__ import annotations

from functools import cache
from math import comb

import numpy as np
from numpy.typing import NDArray

Values = NDArray[np.float64]


def shapley_values(values: Values) -> Values:
    """Divide v(all) - v(none) among g players, exactly.

    The share of player k is what k adds to a coalition S, averaged over the sizes of S and
    over the coalitions of a size (Shapley, A Value for n-Person Games, 1953):

        share_k = Σ_S |S|! (g - |S| - 1)! / g! · (v(S and k) - v(S))

    Shares add up to v(all) - v(none), equal players have equal shares, and one who never
    changes anything has none.

    Args:
        values: (2^g,) v of every coalition; bit k of the place says whether player k is in.

    Returns:
        (g,) float64.

    >>> shapley_values(np.array([10.0, 11.0, 12.0, 15.0])).tolist()
    [2.0, 3.0]
    """
    n_players = len(values).bit_length() - 1
    weights = _weights(n_players) if n_players else np.empty(0)
    shares = np.empty(n_players)
    for player in range(n_players):
        pairs = values.reshape(-1, 2, 1 << player)
        shares[player] = weights @ (pairs[:, 1] - pairs[:, 0]).reshape(-1)
    return shares


@cache
def _weights(n_players: int) -> Values:
    """Weigh the coalitions of all players but one, in the order of their places."""
    sizes = np.bitwise_count(np.arange(1 << (n_players - 1)))
    by_size = [1 / (n_players * comb(n_players - 1, size)) for size in range(n_players)]
    return np.array(by_size)[sizes]
