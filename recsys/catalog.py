"""What the cleaned interactions tell about users and items, as plain arrays."""

from __future__ import annotations

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys import columns
from recsys.cleaning.text import is_anonymous


def rows_of(names: pd.Series, index: pd.Index) -> NDArray[np.int64]:
    """Position of each name in `index`, (n,) int64, -1 where it isn't there."""
    return np.asarray(index.get_indexer(pd.Index(names)), dtype=np.int64)


def with_reviewers(users: pd.Index, reviewers: pd.Series) -> pd.Index:
    """Give the users and, after them by name, those who reviewed; nobody who is anonymous."""
    others = pd.Index(reviewers.astype("str").unique()).difference(users)
    named = np.array([not is_anonymous(str(name)) for name in others], dtype=bool)
    return users.append(others[named])


def seen_items(
    user_rows: NDArray[np.int64], item_rows: NDArray[np.int64], n_users: int
) -> tuple[NDArray[np.int64], NDArray[np.int32]]:
    """List the items of each user, ascending and without repeats, in compressed rows.

    Pairs with a row of -1 (an unknown user or item) are left out.

    Returns:
        `starts` (n_users + 1,) int64 and `items` int32; user u has
        `items[starts[u]:starts[u + 1]]`.
    """
    known = (user_rows >= 0) & (item_rows >= 0)
    pairs = np.unique(np.stack([user_rows[known], item_rows[known]], axis=1), axis=0)
    starts = np.searchsorted(pairs[:, 0], np.arange(n_users + 1))
    return starts.astype(np.int64), pairs[:, 1].astype(np.int32)


def means_by_item(
    item_rows: NDArray[np.int64], values: NDArray[np.float64], n_items: int
) -> NDArray[np.float64]:
    """Mean known value of each item, (n_items,), NaN where none is known.

    Args:
        item_rows: (n,) item of each value, -1 for none.
        values: (n,) prices or ratings, NaN where unknown.
        n_items: How many items there are.
    """
    known = (item_rows >= 0) & np.isfinite(values)
    counts = np.bincount(item_rows[known], minlength=n_items)
    sums = np.bincount(item_rows[known], weights=values[known], minlength=n_items)
    return np.where(counts > 0, sums / np.maximum(counts, 1), np.nan)


def item_texts(clean: pd.DataFrame, column: str, items: pd.Index) -> list[str]:
    """First known text of each item in a column, in the order of `items`; "" where there is none.

    The column is one of the optional ones and may be absent.
    """
    if column not in clean.columns:
        return [""] * len(items)
    known = clean[[columns.ITEM, column]].dropna().drop_duplicates(columns.ITEM)
    texts = known.set_index(columns.ITEM)[column]
    return [str(text) for text in texts.reindex(items, fill_value="")]


def mean_prices(
    item_rows: NDArray[np.int64], prices: NDArray[np.float64], n_items: int
) -> NDArray[np.float64]:
    """Mean known price of each item, (n_items,) USD, NaN where none is known."""
    return means_by_item(item_rows, prices, n_items)


def item_titles(clean: pd.DataFrame, items: pd.Index) -> list[str]:
    """Readable title of each item, in the order of `items`; "" where the data has none."""
    return item_texts(clean, columns.TITLE, items)


def days_since_epoch(times: pd.Series) -> NDArray[np.int64]:
    """Whole days since 1970-01-01 of naive UTC times, (n,) int64."""
    return times.to_numpy(dtype="datetime64[D]").astype(np.int64)
