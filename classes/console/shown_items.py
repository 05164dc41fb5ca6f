"""What the lists computed ahead show of the catalog, and who gets an item."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from classes.item_facts import ItemFacts
from classes.top_lists import TOP_K, TopLists
from recsys import metrics
from recsys.arrays import ItemRows

PRICE_EDGES: tuple[float, ...] = (10.0, 25.0, 50.0, 100.0, 250.0)
"""USD at which one price band ends and the next begins."""


@dataclass(frozen=True)
class Shares:
    """How the catalog, the lists and the reviews divide into groups of items.

    Attributes:
        items: (n_groups,) float64, share of the catalog's items; the shares sum to 1.
        shown: (n_groups,) float64, share of the places of all lists; zeros without lists.
        bought: (n_groups,) float64, share of the reviews; zeros without reviews.
    """

    items: NDArray[np.float64]
    shown: NDArray[np.float64]
    bought: NDArray[np.float64]


class ShownItems:
    """The lists of one generation that are computed so far.

    Attributes:
        users: (n_lists,) int64, rows of the users whose list is computed.
        lists: (n_lists, 5) int32 item rows, best first, -1 where a list is shorter.
        n_shown: (n_items,) int64, the number of lists that each item is in.
    """

    def __init__(self, top_lists: TopLists | None, n_items: int) -> None:
        """Take the lists that are complete by now."""
        empty = np.empty(0, dtype=np.int64), np.empty((0, TOP_K), dtype=np.int32)
        self.users, self.lists = empty if top_lists is None else top_lists.computed()
        self.n_shown = np.bincount(self.lists[self.lists >= 0], minlength=n_items)
        self._n_items = n_items

    @property
    def coverage(self) -> float:
        """The share of the catalog that is in at least one list."""
        return metrics.coverage(self.lists, self._n_items)

    @property
    def gini(self) -> float | None:
        """How unevenly the catalog is shown, 0 to 1; None without lists."""
        return metrics.gini(self.lists, self._n_items) if len(self.lists) else None

    def most_shown(self, n: int) -> ItemRows:
        """Rank the items by the lists they are in, equal ones by lower row; none that is in no list."""
        order = np.lexsort((np.arange(self._n_items), -self.n_shown))[:n]
        return order[self.n_shown[order] > 0].astype(np.int32)

    def places(self, item_row: int) -> NDArray[np.int64]:
        """Count the lists that have an item at each place, (5,)."""
        counts: NDArray[np.int64] = (self.lists == item_row).sum(axis=0)
        return counts

    def users_of(self, item_row: int, n: int) -> NDArray[np.int64]:
        """Find the rows of the first n users who get an item, those who get it first before others."""
        lists, places = np.nonzero(self.lists == item_row)
        return self.users[lists[np.argsort(places, kind="stable")[:n]]]

    def by_group(self, groups: NDArray[np.integer], n_groups: int, facts: ItemFacts) -> Shares:
        """Divide items, places in lists and reviews by groups of items.

        Args:
            groups: (n_items,) the group of each item, 0 to n_groups - 1.
            n_groups: Number of groups.
            facts: Has the number of reviews of each item.
        """
        return Shares(
            *(
                _divided(np.bincount(groups, weights=weights, minlength=n_groups))
                for weights in (np.ones(self._n_items), self.n_shown, facts.n_ratings)
            )
        )


def price_bands(prices: NDArray[np.float64]) -> NDArray[np.int64]:
    """Number the price band of each item, (n_items,): from the cheapest, unknown prices last.

    >>> price_bands(np.array([9.99, 10.0, 300.0, np.nan])).tolist()
    [0, 1, 5, 6]
    """
    bands = np.searchsorted(PRICE_EDGES, prices, side="right")
    bands[np.isnan(prices)] = len(PRICE_EDGES) + 1
    return bands


def _divided(counts: NDArray[Any]) -> NDArray[np.float64]:
    shares: NDArray[np.float64] = counts / max(counts.sum(), 1.0)
    return shares
