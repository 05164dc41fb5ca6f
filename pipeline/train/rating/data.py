"""From artifact files to arrays: the features of users and items, and the rows that use them.

A row of `clean_df.pq` becomes two row numbers into the feature tables. Models gather
their inputs by these numbers, batch by batch, so that the wide matrix (one row of all
four inputs an interaction) never exists.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from recsys import columns
from recsys.arrays import FloatArray, Names, Rows
from recsys.catalog import rows_of
from recsys.cleaning.text import anonymous_mask
from recsys.split import review_days, split_labels, temporal_cuts
from storage.artifacts import ArtifactError, ArtifactPaths, Embeddings, read_clean, read_embeddings

LIKED_RATING = 5.0
"""The label of the rating network is "the rating is this"."""


@dataclass(frozen=True)
class Features:
    """What the network may know of users and items.

    Attributes:
        user_names: (n_users,) names in row order.
        item_names: (n_items,) names in row order; the catalog.
        user_review: (n_users, d) float32.
        user_item: (n_users, d) float32.
        item_desc: (n_items, d) float32.
        item_price: (n_items, p) float32, scaled.
    """

    user_names: Names
    item_names: Names
    user_review: FloatArray
    user_item: FloatArray
    item_desc: FloatArray
    item_price: FloatArray

    @property
    def widths(self) -> tuple[int, int, int, int]:
        """Columns of the four inputs, in the network's order."""
        tables = (self.user_review, self.user_item, self.item_desc, self.item_price)
        review, item, desc, price = (table.shape[1] for table in tables)
        return review, item, desc, price

    def inputs(self, users: Rows, items: Rows) -> list[FloatArray]:
        """Gather the four inputs of pairs (n,), in the network's order."""
        return [
            self.user_review[users],
            self.user_item[users],
            self.item_desc[items],
            self.item_price[items],
        ]

    def __repr__(self) -> str:
        """Say how many users and items, and how wide the inputs are."""
        users, items = len(self.user_names), len(self.item_names)
        return f"<Features {users:,} users, {items:,} items, inputs {self.widths}>"


@dataclass(frozen=True)
class Interactions:
    """Reviews in order of time, as numbers.

    Attributes:
        persons: (n,) a number for each distinct name, -1 for an anonymous customer.
        users: (n,) row in `Features`, -1 for a user whom the features don't know.
        items: (n,) row in `Features`, -1 for an unknown item.
        ratings: (n,) float32, 1 to 5.
        days: (n,) days since 1970-01-01 UTC.
        parts: (n,) int8, TRAIN, VALIDATION or TEST of `recsys.split`.
    """

    persons: Rows
    users: Rows
    items: Rows
    ratings: NDArray[np.float32]
    days: NDArray[np.int32]
    parts: NDArray[np.int8]

    @property
    def known(self) -> NDArray[np.bool_]:
        """Rows whose user and item both have features."""
        return (self.users >= 0) & (self.items >= 0)

    @property
    def liked(self) -> NDArray[np.bool_]:
        """The label: whether the rating is 5."""
        return np.asarray(self.ratings == LIKED_RATING)

    def where(self, mask: NDArray[np.bool_]) -> Interactions:
        """Keep the rows of `mask`, in order."""
        return Interactions(*(getattr(self, name)[mask] for name in self.__dataclass_fields__))

    def with_parts(self, parts: NDArray[np.int8]) -> Interactions:
        """Split the same rows another way."""
        return replace(self, parts=parts)

    def __len__(self) -> int:
        """Rows."""
        return len(self.ratings)

    def __repr__(self) -> str:
        """Say how many rows there are, and how many of them are usable."""
        return f"<Interactions {len(self):,} rows, {int(self.known.sum()):,} known>"


def read_features(paths: ArtifactPaths) -> Features:
    """Read the four embedding files and bring each pair of them into one order.

    Raises:
        ArtifactError: A file is bad, or two files are not about the same names.
    """
    reviews = read_embeddings(paths.user_review, columns.USER)
    histories = _aligned(
        read_embeddings(paths.user_item, columns.USER), reviews, paths.user_item, paths.user_review
    )
    descriptions = read_embeddings(paths.item_desc, columns.ITEM)
    prices = _aligned(
        read_embeddings(paths.item_price, columns.ITEM),
        descriptions,
        paths.item_price,
        paths.item_desc,
    )
    return Features(
        reviews.names, descriptions.names, reviews.vectors, histories, descriptions.vectors, prices
    )


def read_interactions(clean_path: Path, features: Features) -> Interactions:
    """Read the cleaned reviews and point each at its user's and item's row of features.

    Anonymous customers are nobody: they have no user row, even where a foreign file
    holds an embedding of theirs.

    Raises:
        ArtifactError: The file is bad.
        recsys.split.SplitError: It spans fewer than two days.
    """
    wanted = (columns.USER, columns.ITEM, columns.REVIEW_TIME, columns.RATING)
    clean = read_clean(clean_path, wanted)
    persons, names = pd.factorize(clean[columns.USER])
    anonymous = anonymous_mask(pd.Series(names, dtype="str")).to_numpy()
    user_rows = rows_of(pd.Series(names), pd.Index(features.user_names))
    days = review_days(clean[columns.REVIEW_TIME])
    return Interactions(
        persons=np.where(anonymous, -1, np.arange(len(names)))[persons],
        users=np.where(anonymous, -1, user_rows)[persons],
        items=rows_of(clean[columns.ITEM], pd.Index(features.item_names)),
        ratings=clean[columns.RATING].to_numpy(dtype=np.float32),
        days=days.astype(np.int32),
        parts=split_labels(days, temporal_cuts(days)).astype(np.int8),
    )


def undersample(labels: NDArray[np.bool_], seed: int) -> Rows:
    """Choose rows so that both classes are equally many, at random from the larger one.

    Returns:
        Ascending row numbers; every row of the rarer class is among them.
    """
    positive, negative = np.flatnonzero(labels), np.flatnonzero(~labels)
    rare, common = sorted((positive, negative), key=len)
    drawn = np.random.default_rng(seed).choice(common, size=len(rare), replace=False)
    return np.sort(np.concatenate([rare, drawn])).astype(np.int64)


def data_fingerprint(paths: ArtifactPaths) -> str:
    """Give the sha256 over the five data files, by which a model and its numbers name their data.

    Raises:
        OSError: A file can't be read.
    """
    total = hashlib.sha256()
    files = (paths.clean, paths.item_desc, paths.item_price, paths.user_review, paths.user_item)
    for path in files:
        with path.open("rb") as file:
            total.update(hashlib.file_digest(file, "sha256").digest())
    return total.hexdigest()


def _aligned(table: Embeddings, leader: Embeddings, path: Path, leader_path: Path) -> FloatArray:
    """Reorder the vectors of one file to the names of another."""
    rows: NDArray[Any] = pd.Index(table.names).get_indexer(pd.Index(leader.names))
    if len(table.names) != len(leader.names) or (rows < 0).any():
        raise ArtifactError(
            f"{path} has {len(table.names):,} names but {leader_path} has {len(leader.names):,}, "
            f"{int((rows < 0).sum()):,} of which are missing from the first. "
            f"Rebuild both: python -m pipeline embed."
        )
    return table.vectors if (rows == np.arange(len(rows))).all() else table.vectors[rows]
