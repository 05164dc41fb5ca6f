"""Prices that a network can take: none missing.

The catalog has no dates, so the whole of it is used: prices and descriptions are facts
about items, not about what anybody did after the training days.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import FloatArray
from recsys.features.vectors import unit_length

_ALIKE: Final = 1e-6
"""Similarities that differ by less are equal: stored vectors have no more digits."""

_STEP: Final = 2.0**-25
"""Values of vectors are multiples of it: products are multiples of its square, and no sum of them
reaches 8, so float64 holds each sum exactly, in whatever order a machine adds."""

_ITEMS_A_BLOCK: Final = 128
# 128 items x 100,000 priced ones are 100 MB of similarities.

_DONORS_AT_ONCE: Final = 20_000


class Donors(NamedTuple):
    """The items whose prices speak for others.

    Attributes:
        vectors: (d, n_donors) float32, of length 1, of multiples of 2^-25.
        prices: (n_donors,) float64.
        n_neighbors: How many of them speak for one item.
    """

    vectors: FloatArray
    prices: NDArray[np.float64]
    n_neighbors: int


def mean_prices(donors: Donors, units: FloatArray) -> NDArray[np.float64]:
    """Mean price of the donors most like each of some items, (n, d) as theirs: (n,)."""
    n_donors = len(donors.prices)
    cosines, wide = np.empty((len(units), n_donors)), units.astype(np.float64)
    for first in range(0, n_donors, _DONORS_AT_ONCE):
        some = slice(first, first + _DONORS_AT_ONCE)
        cosines[:, some] = wide @ donors.vectors[:, some].astype(np.float64)
    return _nearest_mean(cosines, donors.prices, donors.n_neighbors)


Across = Callable[[Donors, Iterable[FloatArray]], Iterable[NDArray[np.float64]]]
"""Does `mean_prices` for blocks of items, in their order."""


def _one_by_one(donors: Donors, blocks: Iterable[FloatArray]) -> Iterator[NDArray[np.float64]]:
    return (mean_prices(donors, block) for block in blocks)


def impute_prices(
    prices: NDArray[np.float64],
    item_vectors: NDArray[Any],
    n_neighbors: int = 5,
    across: Across = _one_by_one,
) -> NDArray[np.float64]:
    """Give items without a price the mean price of the priced items described most like them.

    Similarity is the cosine. Items that are equally similar to the last neighbor share
    the places that are left, so the result does not depend on the order of the items; nor
    does it on the block in which one is compared, as cosines are exact.
    An item with no description at all (a vector of zeros) has no neighbors and takes the
    median price. Known prices stay as they are.

    Args:
        prices: (n,) float64, NaN where missing.
        item_vectors: (n, d) float.
        n_neighbors: How many priced items speak for one without a price.
        across: What does the blocks of items, in this process or elsewhere.

    Returns:
        (n,) float64 without NaN; zeros when no item has a price.

    >>> vectors = np.array([[1, 0], [0.9, 0.1], [0, 1]], dtype=np.float32)
    >>> impute_prices(np.array([np.nan, 20.0, 7.0]), vectors, n_neighbors=1).tolist()
    [20.0, 20.0, 7.0]
    """
    known = ~np.isnan(prices)
    if not known.any():
        return np.zeros(len(prices), dtype=np.float64)
    filled = np.where(known, prices, np.median(prices[known]))
    units = (np.rint(unit_length(item_vectors) / _STEP) * _STEP).astype(np.float32)
    described = units.any(axis=1)
    donors = np.flatnonzero(known & described)
    takers = np.flatnonzero(~known & described)
    donor_vectors, donor_prices = units[donors].T, prices[donors]
    count = min(n_neighbors, len(donors))
    if not count:
        return filled
    starts = range(0, len(takers), _ITEMS_A_BLOCK)
    blocks = [takers[start : start + _ITEMS_A_BLOCK] for start in starts]
    donor = Donors(donor_vectors, donor_prices, count)
    for block, means in zip(blocks, across(donor, (units[b] for b in blocks)), strict=True):
        filled[block] = means
    return filled


def _nearest_mean(
    similarities: NDArray[np.float64], prices: NDArray[np.float64], count: int
) -> NDArray[np.float64]:
    """Mean of the `count` prices with the largest similarity in each row, ties shared."""
    last = np.partition(similarities, -count, axis=1)[:, -count, None]
    row, donor = np.nonzero(similarities >= last - _ALIKE)
    nearer = similarities[row, donor] > last[row, 0] + _ALIKE

    def total(kept: NDArray[np.bool_], values: NDArray[np.float64] | None) -> NDArray[np.float64]:
        weights = None if values is None else values[donor[kept]]
        return np.bincount(row[kept], weights, len(last)).astype(np.float64)

    places_left = count - total(nearer, None)
    tied_mean = total(~nearer, prices) / total(~nearer, None)
    return (total(nearer, prices) + places_left * tied_mean) / count
