"""What the interactions tell about the items of a catalog, and who has which of them."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys import columns
from recsys.cleaning.image_url import image_url
from recsys.interactions import rows_of


def seen_items(
    user_rows: NDArray[np.int64], item_rows: NDArray[np.int64], n_users: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """List the items of each user, ascending and without repeats, in compressed rows.

    Pairs with a row of -1 (nobody, or an item outside the catalog) are left out.

    Returns:
        `starts` (n_users + 1,) int64 and `items` int32; user u has
        `items[starts[u]:starts[u + 1]]`.
    """
    known = (user_rows >= 0) & (item_rows >= 0)
    pairs = np.unique(np.stack([user_rows[known], item_rows[known]], axis=1), axis=0)
    starts = np.searchsorted(pairs[:, 0], np.arange(n_users + 1))
    return starts.astype(np.int64), pairs[:, 1].astype(np.int32)


def item_prices(clean: pd.DataFrame, items: pd.Index) -> NDArray[np.float64]:
    """Mean known price of each item, (n_items,) USD, NaN where none is known."""
    prices = clean[columns.PRICE].to_numpy(dtype=np.float64)
    return means_by_item(rows_of(clean[columns.ITEM], items), prices, len(items))


def means_by_item(
    item_rows: NDArray[np.int64], values: NDArray[np.floating], n_items: int
) -> NDArray[np.float64]:
    """Mean known value of each item, (n_items,), NaN where none is known.

    Args:
        item_rows: (n,) item of each value, -1 for none.
        values: (n,) prices or ratings, NaN where unknown.
        n_items: Items of the catalog.
    """
    known = (item_rows >= 0) & np.isfinite(values)
    counts = np.bincount(item_rows[known], minlength=n_items)
    sums = np.bincount(item_rows[known], weights=values[known], minlength=n_items)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def item_texts(clean: pd.DataFrame, column: str, items: pd.Index) -> list[str]:
    """First text of each item in a column, in the order of `items`; "" where there is none.

    The column is one of the optional ones and may be absent.
    """
    if column not in clean.columns:
        return [""] * len(items)
    known = clean.loc[clean[column].notna() & (clean[column] != ""), [columns.ITEM, column]]
    texts = known.drop_duplicates(columns.ITEM).set_index(columns.ITEM)[column]
    return [str(text) for text in texts.reindex(items, fill_value="")]


def item_images(clean: pd.DataFrame, items: pd.Index) -> list[str]:
    """First image address of each item, in the order of `items`; "" where there is none.

    The column is optional, and of a file that something else wrote it may hold anything.
    """
    if columns.IMAGE not in clean.columns:
        return [""] * len(items)
    texts = clean[[columns.ITEM, columns.IMAGE]].astype({columns.IMAGE: "str"})
    return [image_url(text) or "" for text in item_texts(texts, columns.IMAGE, items)]
