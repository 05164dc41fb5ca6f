"""All reviews of an artifact set as numbers, each in its part of a split.

Everybody who can be recognized is a user here, with or without embeddings: whom a model
knows depends on the cutoff at which it is asked.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.evaluate.baselines.baseline import first_of_pair
from recsys import catalog, columns
from recsys.arrays import FloatArray, Names
from recsys.interactions import Interactions, interactions_of
from recsys.split import leave_one_out_labels, temporal_labels
from storage.artifacts import ArtifactPaths, read_clean, read_embeddings

if TYPE_CHECKING:
    from pipeline.train.ranker.feature_state import Catalog

TEMPORAL: Final = "temporal"
LEAVE_ONE_OUT: Final = "leave-one-out"
SPLITS: Final = (TEMPORAL, LEAVE_ONE_OUT)

_CLEAN_COLUMNS: Final = (
    columns.USER,
    columns.ITEM,
    columns.PRICE,
    columns.REVIEW_TIME,
    columns.RATING,
    columns.TITLE,
    columns.CATEGORY,
)


@dataclass(frozen=True)
class Timeline:
    """Reviews in order of time, and what their numbers stand for.

    Attributes:
        rows: The reviews.
        parts: (n,) int8, TRAIN, VALIDATION or TEST of `recsys.split`, by the chosen split.
        item_names: (n_items,) the catalog, in its order.
        titles: (n_items,) readable title, the name where there is none.
        prices: (n_items,) USD, NaN where unknown.
        categories: (n_items,) str, "" where unknown.
        item_vectors: (n_items, d) float32, of the items' texts.
        split: `TEMPORAL` or `LEAVE_ONE_OUT`.
        catalog: Makes what a ranker reads of items; None where that isn't known.
    """

    rows: Interactions
    parts: NDArray[np.int8]
    item_names: Names
    titles: list[str]
    prices: NDArray[np.float64]
    categories: Names
    item_vectors: FloatArray
    split: str
    catalog: Callable[[], Catalog] | None = None

    @property
    def user_names(self) -> Names:
        """Names by user row, (n_users,)."""
        return self.rows.user_names

    @property
    def n_users(self) -> int:
        """Users."""
        return self.rows.n_users

    @property
    def n_items(self) -> int:
        """Items of the catalog."""
        return len(self.item_names)

    def __repr__(self) -> str:
        """Say how much there is."""
        return (
            f"<Timeline of {len(self.rows):,} reviews, {self.n_users:,} users x {self.n_items:,}>"
        )


def read_timeline(paths: ArtifactPaths, split: str = TEMPORAL) -> Timeline:
    """Read the cleaned reviews and purchases, and the catalog.

    Raises:
        storage.artifacts.ArtifactError: A file is missing or bad.
        recsys.split.SplitError: The reviews can't be split.
    """
    clean = read_clean(paths.clean, _CLEAN_COLUMNS)
    described = read_embeddings(paths.item_desc, columns.ITEM)
    items = pd.Index(described.names)
    rows = interactions_of(clean, items).chosen()
    titles = catalog.item_texts(clean, columns.TITLE, items)
    return Timeline(
        rows=rows,
        parts=_parts(rows, split),
        item_names=described.names,
        titles=[title or str(name) for title, name in zip(titles, items, strict=True)],
        prices=catalog.item_prices(clean, items),
        categories=np.array(catalog.item_texts(clean, columns.CATEGORY, items), dtype=object),
        item_vectors=described.vectors,
        split=split,
        catalog=cache(partial(_catalog, paths)),
    )


def _catalog(paths: ArtifactPaths) -> Catalog:
    """Read what a ranker reads of items, and compare them, which takes a while."""
    from pipeline.train.ranker.data import read_ranker_data

    return read_ranker_data(paths).catalog


def _parts(rows: Interactions, split: str) -> NDArray[np.int8]:
    if split == LEAVE_ONE_OUT:
        return leave_one_out_labels(rows.users, first_of_pair(rows) & (rows.items >= 0))
    return temporal_labels(rows.days)
