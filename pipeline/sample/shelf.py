"""The items of one theme side by side, so that a buyer weighs all of them at once."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.sample.catalog import Item
from pipeline.sample.people import Person

_BAND_WEIGHT: Final = (1.0, 0.3, 0.08)
_LOVED_BRAND_WEIGHT: Final = 3.0


class Shelf:
    """Items of a theme, and the arrays that decide which of them is bought.

    Only sums, differences, products and quotients, each rounded as in Python: the weights are
    the same on every machine.

    Attributes:
        items: The items in the order of the arrays.
    """

    def __init__(self, items: list[Item], n_days: int) -> None:
        """Put the items into arrays, for a shop that is open for `n_days`."""
        self.items = items
        self._n_days = n_days
        self._popularity = np.array([item.popularity for item in items])
        trends = [item.trend for item in items]
        self._launch = np.array([trend.launch_day for trend in trends])
        self._peak = np.array([trend.peak_day for trend in trends])
        self._peak_factor = np.array([trend.peak_factor for trend in trends])
        self._width = np.array([trend.width_days for trend in trends], dtype=np.float64)
        self._drift = np.array([trend.drift for trend in trends])
        brands = {item.brand.name: item.brand for item in items}
        self._brands = list(brands.values())
        place = {name: number for number, name in enumerate(brands)}
        self._brand = np.array([place[item.brand.name] for item in items])

    def cumulative_weights(self, person: Person, day: int, owned: list[int]) -> NDArray[np.float64]:
        """Add up how likely a person buys each item on a day; items at `owned` places have no weight."""
        appeal = [
            _BAND_WEIGHT[abs(person.band - brand.band)]
            * (_LOVED_BRAND_WEIGHT if brand.name in person.loves else 1.0)
            for brand in self._brands
        ]
        weights = self._popularity * self._trend_factors(day) * np.array(appeal)[self._brand]
        weights[owned] = 0.0
        return np.cumsum(weights)

    def _trend_factors(self, day: int) -> NDArray[np.float64]:
        """Factor of each item's popularity on a day, as its trend has it; 0 before the launch."""
        fad = np.maximum(0.0, 1.0 - np.abs(day - self._peak) / self._width)
        drift = 1.0 + self._drift * (day / self._n_days - 0.5)
        factors: NDArray[np.float64] = np.maximum(0.05, drift) * (1.0 + self._peak_factor * fad)
        factors[day < self._launch] = 0.0
        return factors
