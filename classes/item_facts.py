"""Facts about items: price, category, brand, picture and ratings."""

from __future__ import annotations

from typing import cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys import catalog, columns
from recsys.interactions import Interactions
from storage.name_table import Arrays, NameIndex, NameTable

NO_CATEGORY = NO_BRAND = -1


class ItemFacts:
    """Facts by item row, mapped from the arrays that `arrays` made.

    Attributes:
        prices: (n_items,) float64, mean USD, NaN where unknown.
        categories: (n_items,) int32 rows of the category names, -1 where unknown.
        brands: (n_items,) int32 rows of the brand names, -1 where unknown.
        n_ratings: (n_items,) int64, how often each was reviewed or bought.
        mean_ratings: (n_items,) float64, 1 to 5, NaN where nobody rated.
    """

    def __init__(self, arrays: Arrays) -> None:
        """Wrap the arrays, in memory or mapped from files."""
        self.prices = cast("NDArray[np.float64]", arrays["item_raw_price"])
        self.categories = cast("NDArray[np.int32]", arrays["item_category"])
        self.brands = cast("NDArray[np.int32]", arrays["item_brand"])
        self.n_ratings = cast("NDArray[np.int64]", arrays["item_n_ratings"])
        self.mean_ratings = cast("NDArray[np.float64]", arrays["item_mean_rating"])
        self._category_names = NameIndex.from_arrays(arrays, "category_name")
        self._brand_names = NameIndex.from_arrays(arrays, "brand_name")
        self._images = NameTable.from_arrays(arrays, "item_image")

    @staticmethod
    def arrays(
        clean: pd.DataFrame,
        interactions: Interactions,
        prices: NDArray[np.float64],
        items: pd.Index,
    ) -> Arrays:
        """Gather the facts from interactions.

        Args:
            clean: Holds the optional columns category, brand and image, if there are any.
            interactions: Reviews and purchases, read from it.
            prices: (n_items,) mean USD, NaN where unknown.
            items: Names of all items.
        """
        rows = interactions.items
        categories, category_names = _labels(catalog.item_texts(clean, columns.CATEGORY, items))
        brands, brand_names = _labels(catalog.item_texts(clean, columns.BRAND, items))
        return {
            "item_raw_price": prices,
            "item_category": categories,
            "item_brand": brands,
            "item_n_ratings": np.bincount(rows[rows >= 0], minlength=len(items)),
            "item_mean_rating": catalog.means_by_item(rows, interactions.ratings, len(items)),
            **category_names.arrays("category_name"),
            **brand_names.arrays("brand_name"),
            **NameTable.of(catalog.item_images(clean, items)).arrays("item_image"),
        }

    @property
    def category_names(self) -> list[str]:
        """List all categories, in alphabetical order; empty where the data has none."""
        return [self._category_names[row] for row in range(len(self._category_names))]

    @property
    def brand_names(self) -> list[str]:
        """List all brands, in alphabetical order; empty where the data has none."""
        return [self._brand_names[row] for row in range(len(self._brand_names))]

    def category(self, item_row: int) -> str | None:
        """Name the category of an item."""
        code = int(self.categories[item_row])
        return None if code == NO_CATEGORY else self._category_names[code]

    def brand(self, item_row: int) -> str | None:
        """Name the brand of an item."""
        code = int(self.brands[item_row])
        return None if code == NO_BRAND else self._brand_names[code]

    def image(self, item_row: int) -> str | None:
        """Address of a picture of an item, http or https."""
        return self._images[item_row] or None

    def category_row(self, name: str) -> int | None:
        """Find a category exactly as written."""
        return self._category_names.find(name)

    def brand_row(self, name: str) -> int | None:
        """Find a brand exactly as written."""
        return self._brand_names.find(name)

    def price(self, item_row: int) -> float | None:
        """Mean price of an item in USD, to the cent."""
        return _rounded(self.prices[item_row], 2)

    def mean_rating(self, item_row: int) -> float | None:
        """Mean rating of an item, to two digits."""
        return _rounded(self.mean_ratings[item_row], 2)


def _labels(texts: list[str]) -> tuple[NDArray[np.int32], NameIndex]:
    """Number the distinct texts in alphabetical order, "" as -1; name them."""
    codes, names = pd.factorize(np.array(texts, dtype=object), sort=True)
    named = [str(name) for name in names if name]
    return (codes - (len(names) - len(named))).astype(np.int32), NameIndex.of(named)


def _rounded(value: np.float64, digits: int) -> float | None:
    return round(float(value), digits) if np.isfinite(value) else None
