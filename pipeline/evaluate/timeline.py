"""All reviews of an artifact set as numbers, with every named customer a user.

The tables of `pipeline.train.rating.data` know the users of the embedding files only. An
evaluation has to know everybody: who is a known user depends on the cutoff at which
a model is asked.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.evaluate.baselines.history import first_of_pair
from pipeline.train.rating.data import Interactions
from recsys import columns
from recsys.arrays import FloatArray, Names
from recsys.catalog import item_titles, mean_prices, rows_of
from recsys.cleaning.text import anonymous_mask
from recsys.split import leave_one_out_labels, review_days, split_labels, temporal_cuts
from storage.artifacts import ArtifactPaths, read_clean, read_embeddings

TEMPORAL: Final = "temporal"
LEAVE_ONE_OUT: Final = "leave-one-out"
SPLITS: Final = (TEMPORAL, LEAVE_ONE_OUT)


@dataclass(frozen=True)
class Timeline:
    """Reviews in order of time, and what their numbers stand for.

    Attributes:
        rows: The reviews; `users` and `persons` are the row of `user_names`, -1 for an
            anonymous customer; `parts` by the chosen split.
        user_names: (n_users,) every named customer.
        item_names: (n_items,) the catalog, in its order.
        titles: (n_items,) readable title, the name where there is none.
        prices: (n_items,) USD, NaN where unknown.
        item_vectors: (n_items, d) float32, of the items' texts.
        split: `TEMPORAL` or `LEAVE_ONE_OUT`.
        file_rows: (n,) the row of `clean_df.pq` of each review.
    """

    rows: Interactions
    user_names: Names
    item_names: Names
    titles: list[str]
    prices: NDArray[np.float64]
    item_vectors: FloatArray
    split: str
    file_rows: NDArray[np.intp]

    @property
    def n_users(self) -> int:
        """Named customers."""
        return len(self.user_names)

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
    """Read the cleaned reviews and the catalog.

    Raises:
        storage.artifacts.ArtifactError: A file is missing or bad.
        recsys.split.SplitError: The reviews can't be split.
    """
    wanted = (
        columns.USER,
        columns.ITEM,
        columns.PRICE,
        columns.REVIEW_TIME,
        columns.RATING,
        columns.TITLE,
    )
    clean = read_clean(paths.clean, wanted)
    order = np.argsort(clean[columns.REVIEW_TIME].to_numpy(), kind="stable")
    clean = clean.iloc[order]
    catalog = read_embeddings(paths.item_desc, columns.ITEM)
    items = pd.Index(catalog.names)
    users, user_names = _users(clean[columns.USER])
    item_rows = rows_of(clean[columns.ITEM], items)
    titles = item_titles(clean, items)
    return Timeline(
        rows=_split(clean, users, item_rows, split),
        user_names=user_names,
        item_names=catalog.names,
        titles=[title or str(name) for title, name in zip(titles, items, strict=True)],
        prices=mean_prices(item_rows, clean[columns.PRICE].to_numpy(dtype=np.float64), len(items)),
        item_vectors=catalog.vectors,
        split=split,
        file_rows=order,
    )


def _users(names: pd.Series) -> tuple[NDArray[np.int64], Names]:
    """Number the named customers as they first appear; anonymous ones are -1."""
    codes, distinct = pd.factorize(names)
    named = ~anonymous_mask(pd.Series(distinct, dtype="str")).to_numpy()
    numbers = np.where(named, np.cumsum(named) - 1, -1)
    return numbers[codes], np.asarray(distinct, dtype=object)[named]


def _split(
    clean: pd.DataFrame, users: NDArray[np.int64], items: NDArray[np.int64], split: str
) -> Interactions:
    days = review_days(clean[columns.REVIEW_TIME])
    whole = Interactions(
        persons=users,
        users=users,
        items=items,
        ratings=clean[columns.RATING].to_numpy(dtype=np.float32),
        days=days.astype(np.int32),
        parts=np.zeros(len(days), dtype=np.int8),
    )
    if split == LEAVE_ONE_OUT:
        parts = leave_one_out_labels(users, first_of_pair(whole) & (items >= 0))
    else:
        parts = split_labels(days, temporal_cuts(days)).astype(np.int8)
    return whole.with_parts(parts)
