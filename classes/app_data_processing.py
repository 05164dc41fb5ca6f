"""The users and items of one snapshot: who is known, what they have, what newcomers get."""

from __future__ import annotations

import random
from pathlib import Path
from typing import NamedTuple, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from classes.item_facts import ItemFacts
from classes.name_table import Arrays, NameIndex, NameTable
from classes.user_reviews import UserReviews
from recsys import catalog, columns
from recsys.artifacts import (
    ArtifactError,
    ArtifactPaths,
    Embeddings,
    FloatArray,
    read_clean,
    read_embeddings,
)
from recsys.cold_start import cold_start_order
from recsys.text import is_anonymous, normalize_name


class ModelInputs(NamedTuple):
    """What the ranking model reads, in the order of its inputs.

    `user_review` and `user_item` have one row a user, `item_desc` and `item_price` one
    row an item; all are float32 and two-dimensional.
    """

    user_review: FloatArray
    user_item: FloatArray
    item_desc: FloatArray
    item_price: FloatArray


class AppDataProcessor:
    """Answers every question about users and items that needs no model.

    Users and items are numbered by row. Users are those with embeddings, anonymous
    customers excepted; items are those of `item_desc_emb_df.pq`, in its order.

    Attributes:
        facts: Price, category and ratings of each item.
        reviews: What each user has reviewed, when.
        no_items: No item rows at all.
    """

    def __init__(self, arrays: Arrays) -> None:
        """Wrap the arrays that `arrays` returned, in memory or mapped from files."""
        self._arrays = arrays
        self._users = NameIndex.from_arrays(arrays, "user_name")
        self._items = NameIndex.from_arrays(arrays, "item_name")
        self._titles = NameTable.from_arrays(arrays, "item_title")
        self._seen_starts = cast("NDArray[np.int64]", arrays["seen_starts"])
        self._seen_items = cast("NDArray[np.int32]", arrays["seen_items"])
        self._cold_start = cast("NDArray[np.int32]", arrays["cold_start_items"])
        self.facts = ItemFacts(arrays)
        self.reviews = UserReviews(arrays)
        self.no_items = np.empty(0, dtype=np.int32)

    @classmethod
    def from_artifacts(
        cls, paths: ArtifactPaths, cold_start_window_days: int = 30
    ) -> AppDataProcessor:
        """Read and check the parquet files.

        Raises:
            ArtifactError: A file is missing or unreadable, or two don't fit together.
        """
        review = read_embeddings(paths.user_review, columns.USER)
        bought = _aligned(
            read_embeddings(paths.user_item, columns.USER), review, paths.user_item, "users"
        )
        desc = read_embeddings(paths.item_desc, columns.ITEM)
        price = _aligned(
            read_embeddings(paths.item_price, columns.ITEM), desc, paths.item_price, "items"
        )
        named = np.array([not is_anonymous(str(name)) for name in review.names], dtype=bool)
        arrays: Arrays = {
            "user_review": review.vectors[named],
            "user_item": bought[named],
            "item_desc": desc.vectors,
            "item_price": price,
        }
        users = pd.Index(review.names[named].astype(str))
        items = pd.Index(desc.names.astype(str))
        arrays |= NameIndex.of(users.tolist()).arrays("user_name")
        arrays |= NameIndex.of(items.tolist()).arrays("item_name")
        arrays |= _interaction_arrays(paths.clean, users, items, cold_start_window_days)
        return cls(arrays)

    @property
    def arrays(self) -> Arrays:
        """Everything this object knows, as named arrays for saving."""
        return self._arrays

    @property
    def inputs(self) -> ModelInputs:
        """The embeddings and prices, for the model."""
        return ModelInputs(*(cast(FloatArray, self._arrays[name]) for name in ModelInputs._fields))

    @property
    def n_users(self) -> int:
        """Count the known users."""
        return len(self._users)

    @property
    def n_items(self) -> int:
        """Count the candidate items."""
        return len(self._items)

    def user_row(self, name: str) -> int | None:
        """Find a user as written, else by the cleaning rule; None means unknown."""
        row = self._users.find(name)
        return self._users.find(normalize_name(name)) if row is None else row

    def user(self, row: int) -> str:
        """Name of the user at `row`."""
        return self._users[row]

    def item(self, row: int) -> str:
        """Name of the item at `row`."""
        return self._items[row]

    def item_row(self, name: str) -> int | None:
        """Find an item exactly as written."""
        return self._items.find(name)

    def title(self, item: str) -> str:
        """Readable title of an item; its name where the data has no title."""
        row = self._items.find(item)
        return item if row is None else self._titles[row] or item

    def random_users(self, n: int) -> list[str]:
        """Draw n distinct known users, all of them where n is larger."""
        rows = random.sample(range(self.n_users), min(n, self.n_users))
        return [self._users[row] for row in rows]

    def seen_items(self, user_row: int) -> NDArray[np.int32]:
        """Rows of the items that the user has reviewed, ascending."""
        return self._seen_items[self._seen_starts[user_row] : self._seen_starts[user_row + 1]]

    def cold_start_items(self, n: int) -> NDArray[np.int32]:
        """Rows of the first n items for a user who isn't known."""
        return self._cold_start[:n]

    def __repr__(self) -> str:
        """Say how many users and items there are."""
        return f"<AppDataProcessor {self.n_users:,} users x {self.n_items:,} items>"


def _aligned(found: Embeddings, expected: Embeddings, path: Path, what: str) -> FloatArray:
    """Bring vectors into the order of `expected`, whose names must be the same."""
    if len(found.names) == len(expected.names) and (found.names == expected.names).all():
        return found.vectors
    order = pd.Index(found.names).get_indexer(pd.Index(expected.names))
    if len(found.names) != len(expected.names) or (order < 0).any():
        n_missing = int((order < 0).sum())
        raise ArtifactError(
            f"{path.name} has {len(found.names):,} {what} but its partner file has "
            f"{len(expected.names):,}, {n_missing:,} of which it lacks. "
            f"Rebuild both: python -m pipeline embed."
        )
    return found.vectors[order]


def _interaction_arrays(
    clean_path: Path, users: pd.Index, items: pd.Index, cold_start_window_days: int
) -> Arrays:
    """Derive seen items, cold start and titles from `clean_df.pq`."""
    wanted = (
        columns.USER,
        columns.ITEM,
        columns.PRICE,
        columns.RATING,
        columns.REVIEW_TIME,
        columns.TITLE,
        columns.CATEGORY,
    )
    clean = read_clean(clean_path, wanted)
    item_rows = catalog.rows_of(clean[columns.ITEM], items)
    clean, item_rows = clean[item_rows >= 0], item_rows[item_rows >= 0]
    user_rows = catalog.rows_of(clean[columns.USER], users)
    starts, seen = catalog.seen_items(user_rows, item_rows, len(users))
    prices = clean[columns.PRICE].to_numpy(dtype=np.float64)
    cold = cold_start_order(
        item_rows,
        catalog.days_since_epoch(clean[columns.REVIEW_TIME]),
        clean[columns.RATING].to_numpy(dtype=np.float64),
        catalog.mean_prices(item_rows, prices, len(items)),
        cold_start_window_days,
    )
    return {
        "seen_starts": starts,
        "seen_items": seen,
        "cold_start_items": cold.order,
        **NameTable.of(catalog.item_titles(clean, items)).arrays("item_title"),
        **ItemFacts.arrays(clean, item_rows, items),
        **UserReviews.arrays(clean, user_rows, item_rows, len(users)),
    }
