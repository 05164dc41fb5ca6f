"""Random draws that are the same on every machine and in every Python version.

Python promises to keep only the sequence of `random.Random.random()` across versions; the
methods that build on it may change. So everything here builds on that one.
"""

from __future__ import annotations

import random
from bisect import bisect
from collections.abc import Sequence
from itertools import accumulate
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

T = TypeVar("T")


class PortableRandom:
    """A seeded generator of numbers, choices and orders."""

    def __init__(self, seed: int) -> None:
        self._draw = random.Random(seed).random  # noqa: S311 - repeatable is the purpose

    def uniform(self, low: float = 0.0, high: float = 1.0) -> float:
        """Draw a number in [low, high)."""
        return low + (high - low) * self._draw()

    def chance(self, probability: float) -> bool:
        """Return True with this probability."""
        return self._draw() < probability

    def below(self, n: int) -> int:
        """Draw a whole number in [0, n)."""
        return int(self._draw() * n)

    def pick(self, options: Sequence[T]) -> T:
        """Choose one of the options, all equally likely."""
        return options[self.below(len(options))]

    def pick_weighted(self, options: Sequence[T], weights: Sequence[float]) -> T:
        """Choose one of the options with a probability proportional to its weight."""
        return options[self.index_below(list(accumulate(weights)))]

    def index_below(self, cumulative: Sequence[float] | NDArray[np.float64], first: int = 0) -> int:
        """Draw a place in a list of running totals, in proportion to its share, from `first` on."""
        floor = cumulative[first - 1] if first else 0.0
        drawn = floor + self._draw() * (cumulative[-1] - floor)
        return min(bisect(cumulative, drawn), len(cumulative) - 1)

    def normal(self) -> float:
        """Draw from (nearly) the standard normal distribution, as a sum of twelve uniforms.

        The sum needs no logarithm or cosine, whose last bits differ between C libraries. It is
        added up one by one, since `sum` rounds otherwise from Python 3.12 on.
        """
        total = 0.0
        for _ in range(12):
            total += self._draw()
        return total - 6.0

    def shuffled(self, options: Sequence[T]) -> list[T]:
        """Return the options in a random order (Fisher and Yates)."""
        order = list(options)
        for last in range(len(order) - 1, 0, -1):
            other = self.below(last + 1)
            order[last], order[other] = order[other], order[last]
        return order

    def code(self, alphabet: str, length: int) -> str:
        """Draw an identifier of that length from the letters of the alphabet."""
        return "".join(self.pick(alphabet) for _ in range(length))
