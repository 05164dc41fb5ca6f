"""The users and items of one snapshot: who is known, what they have, what cold-start users get."""

from __future__ import annotations

import random
from collections.abc import Iterable
from typing import Final, cast

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from classes.artifact_arrays import artifact_arrays
from classes.artifact_arrays.items import (
    FIVE_STAR_ITEM_LOGITS,
    FIVE_STAR_WEIGHTS,
    ITEM_COLUMN_NAMES,
)
from classes.artifact_arrays.users import CLEAN_USER_NAMES, FIVE_STAR_RATES
from classes.item_facts import ItemFacts
from classes.live import description
from classes.live.cold_start_items import ColdStartItems
from classes.live.recent_popularity import RecentPopularity
from classes.shelves.shelf_arrays import ShelfFacts
from classes.shelves.title_index import TitleIndex
from classes.user_reviews import UserReviews
from recsys.arrays import BoolArray, FloatArray, ItemRows
from recsys.cleaning.forgotten import ForgottenUntil
from recsys.cleaning.text import normalize_name
from recsys.features import five_star_model, user_profile
from recsys.features.similarity import most_similar
from recsys.history import NO_WEIGHTS, History
from recsys.interactions import NOTHING_NEWER
from recsys.ranking import Ranking
from recsys.reviews import one_user
from scoring import affinities
from scoring.affinities import Affinities
from scoring.inputs import ModelInputs, Visitor
from storage.artifacts import ArtifactPaths
from storage.name_table import Arrays, NameIndex, NameTable

TABLES: Final = ("user_review", "user_item", "item_desc", "item_price")
LARGE: Final = (*TABLES, affinities.PREFIX)


class AppDataProcessor:
    """Answers questions about users and items that don't need a model.

    Users and items are numbered by row. Items are those of `item_desc_emb_df.pq`, in its
    order. Users are those with embeddings and, where the data has affinities, which only
    need a history, everybody who reviewed an item, except anonymous customers.

    Attributes:
        cold_start: What unknown users get.
        affinities: Affinities of users to items; None without `item_affinity_df.pq`.
        facts: Price, category and ratings of each item.
        reviews: What each user has done with which items, when.
        shelf_facts: When items were reviewed.
        titles: Finds items by words.
        no_items: An empty array of item rows.
    """

    def __init__(self, arrays: Arrays, recent: RecentPopularity | None = None) -> None:
        """Wrap the arrays that `arrays` returned, in memory or mapped from files.

        Args:
            arrays: All of them.
            recent: What is being bought now; nothing by default.
        """
        self._arrays = arrays
        self._users = NameIndex.from_arrays(arrays, "user_name")
        self._items = NameIndex.from_arrays(arrays, "item_name")
        self._titles = NameTable.from_arrays(arrays, "item_title")
        self.cold_start = ColdStartItems(arrays, self.item_row, recent)
        self.facts = ItemFacts(arrays)
        self.reviews = UserReviews(arrays)
        self.shelf_facts = ShelfFacts(arrays)
        self.titles = TitleIndex(arrays, self.facts.n_ratings)
        self.affinities = Affinities.from_arrays(arrays)
        self.no_items = np.empty(0, dtype=np.int32)

    @classmethod
    def from_artifacts(
        cls,
        paths: ArtifactPaths,
        cold_start_window_days: int = 365,
        added: pd.DataFrame | None = None,
        forgotten_until: ForgottenUntil | None = None,
    ) -> AppDataProcessor:
        """Read and check the parquet files, as `artifact_arrays` does.

        Raises:
            ArtifactError: A file is missing or unreadable, or two don't fit together.
        """
        return cls(artifact_arrays(paths, cold_start_window_days, added, forgotten_until))

    @property
    def arrays(self) -> Arrays:
        """Everything this object knows, as named arrays for saving."""
        return self._arrays

    @property
    def inputs(self) -> ModelInputs:
        """Embeddings, prices and what histories tell, for the model."""
        review, bought, desc, price = (self._table(name) for name in TABLES)
        profile = self._table("user_profile")
        return ModelInputs(review, bought, desc, price, profile, self.affinities)

    @property
    def input_arrays(self) -> Arrays:
        """The large arrays, which only the model reads."""
        return {name: array for name, array in self._arrays.items() if name.startswith(LARGE)}

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

    def item_names(self, rows: NDArray[np.integer]) -> list[str]:
        """Names of the items at some rows, in their order."""
        return [self._items[row] for row in rows.tolist()]

    def item_row(self, name: str) -> int | None:
        """Find an item exactly as written."""
        return self._items.find(name)

    def item_rows(self, names: Iterable[str]) -> NDArray[np.int32]:
        """Rows of the items with some names, ascending and distinct, without unknown ones."""
        found = {self.item_row(name) for name in names} - {None}
        return np.array(sorted(found), dtype=np.int32)  # type: ignore[type-var]

    def title(self, item: str) -> str:
        """Readable title of an item; its name where the data has no title."""
        row = self._items.find(item)
        return item if row is None else self.title_of(row)

    def title_of(self, item_row: int) -> str:
        """Readable title of the item at a row; its name where the data has no title."""
        return self._titles[item_row] or self._items[item_row]

    def similar_items(self, item_row: int, n: int, candidates: BoolArray | None = None) -> Ranking:
        """Rank the n items whose descriptions are nearest, by cosine.

        Args:
            item_row: The item, which isn't listed itself.
            n: Most items.
            candidates: (n_items,) mask of the items that may be listed; None for all.
        """
        lengths = cast(FloatArray, self._arrays["item_desc_norm"])
        return most_similar(self.inputs.item_desc, lengths, item_row, n, candidates)

    def random_users(self, n: int) -> list[str]:
        """Draw n distinct known users, or all of them if there are fewer."""
        rows = random.sample(range(self.n_users), min(n, self.n_users))
        return [self._users[row] for row in rows]

    @property
    def has_clean_user_names(self) -> bool:
        """Whether all names of users are as the cleaning rule leaves them."""
        return bool(self._arrays[CLEAN_USER_NAMES][0])

    def visitor(self, item_rows: NDArray[np.integer]) -> Visitor:
        """Describe a visitor by items alone, as a known user with that history is described.

        Args:
            item_rows: Newest first; an item counts once, and only the newest 50 count.
        """
        return description.visitor(self._arrays, History.of_one(item_rows))

    def person(self, user_row: int, without: NDArray[np.integer] | None = None) -> Visitor:
        """Describe a known user as a visitor is described, as if some items weren't reviewed.

        Vector and profile are then computed from the rest of the history, of which no older
        item takes their places. What the user wrote stays as it was.

        Args:
            user_row: The user.
            without: Item rows to leave out; those that aren't in the history do no harm.
        """
        history = self.history(user_row)
        if without is None or not np.isin(history, without).any():
            weights = self.history_weights(user_row)
            return description.stored_person(self._arrays, user_row, history, weights)
        interactions = one_user(self.reviews.recorded(user_row), NOTHING_NEWER)
        return description.person(self._arrays, user_row, interactions, without)

    def history(self, user_row: int) -> NDArray[np.int32]:
        """Rows of a known user's newest distinct items, newest first; see `recsys.history`."""
        return cast(ItemRows, self._arrays["history_items"])[self._history_of(user_row)]

    def history_weights(self, user_row: int) -> FloatArray:
        """Weights of the items of the history, below 0 for hidden ones; empty where all weigh 1."""
        weights = cast(FloatArray, self._arrays.get("history_weights", NO_WEIGHTS))
        return weights[self._history_of(user_row)]

    def _history_of(self, user_row: int) -> slice:
        starts = self._arrays["history_starts"]
        return slice(starts[user_row], starts[user_row + 1])

    @property
    def item_column_names(self) -> list[str]:
        """Names of the columns of the model's item input, the price first."""
        names: list[str] = self._arrays[ITEM_COLUMN_NAMES].tolist()
        return names

    def five_star_probability(
        self, person: Visitor | None, item_rows: NDArray[np.integer]
    ) -> FloatArray | None:
        """Estimate the probability that somebody, or anybody, gives items five stars, (n,) float32.

        By the five-star model, else by the bias model: the share of five-star ratings of the item
        and how the user rates, cut to 0..1. Returns None where the data has no such shares.
        """
        profile = five_star_model.NO_PROFILE if person is None else person.user_profile[0]
        if FIVE_STAR_ITEM_LOGITS in self._arrays and self.affinities is not None:
            logits = self._table(FIVE_STAR_ITEM_LOGITS)[item_rows]
            told = (self.no_items,) if person is None else (person.history, person.history_weights)
            phi = self.affinities.to_items(item_rows, *told)
            return five_star_model.chances(logits, self._table(FIVE_STAR_WEIGHTS), profile, phi)
        if FIVE_STAR_RATES not in self._arrays:
            return None
        rates = self._table(FIVE_STAR_RATES)[item_rows]
        chances: FloatArray = np.clip(rates + profile[user_profile.FIVE_STAR], 0.0, 1.0)
        return chances

    def _table(self, name: str) -> FloatArray:
        return cast(FloatArray, self._arrays[name])

    def __repr__(self) -> str:
        """Name the number of users and items."""
        return f"<AppDataProcessor {self.n_users:,} users x {self.n_items:,} items>"
