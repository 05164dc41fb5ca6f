"""From artifact files to arrays: the features of users and items, and the rows that use them.

A row of `clean_df.pq` becomes two row numbers into the feature tables. Models gather
their inputs by these numbers, batch by batch, so that the wide matrix (one row of all
four inputs an interaction) never exists.
"""

from __future__ import annotations

import hashlib
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd

from recsys import columns
from recsys.arrays import BoolArray, FloatArray, Names, Rows
from recsys.interactions import Interactions, interactions_of
from storage.array_folder import checksum
from storage.artifacts import ArtifactPaths, read_clean, read_embedding_pair


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


def read_features(paths: ArtifactPaths) -> Features:
    """Read the four embedding files and bring each pair of them into one order.

    Raises:
        storage.artifacts.ArtifactError: A file is bad, or two are not about the same names.
    """
    review, bought = read_embedding_pair(paths.user_review, paths.user_item, columns.USER)
    desc, price = read_embedding_pair(paths.item_desc, paths.item_price, columns.ITEM)
    return Features(
        review.names, desc.names, review.vectors, bought.vectors, desc.vectors, price.vectors
    )


def read_interactions(clean_path: Path, features: Features) -> Interactions:
    """Read the cleaned interactions that have a rating; whoever has no features is nobody.

    Raises:
        storage.artifacts.ArtifactError: The file is bad.
    """
    wanted = (columns.USER, columns.ITEM, columns.REVIEW_TIME, columns.RATING)
    clean, items = read_clean(clean_path, wanted), pd.Index(features.item_names)
    everybody = interactions_of(clean, items, features.user_names)
    return everybody.rated().of_first_users(len(features.user_names))


def undersample(labels: BoolArray, seed: int) -> Rows:
    """Choose rows so that both classes are equally many, at random from the larger one.

    Returns:
        Ascending row numbers; every row of the rarer class is among them.
    """
    positive, negative = np.flatnonzero(labels), np.flatnonzero(~labels)
    rare, common = sorted((positive, negative), key=len)
    drawn = np.random.default_rng(seed).choice(common, size=len(rare), replace=False)
    return np.sort(np.concatenate([rare, drawn])).astype(np.int64)


def data_fingerprint(paths: ArtifactPaths) -> str:
    """Hash the five data files (SHA-256): a model and its numbers name their data by it.

    Raises:
        OSError: A file can't be read.
    """
    total = hashlib.sha256()
    files = (paths.clean, paths.item_desc, paths.item_price, paths.user_review, paths.user_item)
    for path in files:
        total.update(bytes.fromhex(checksum(path)))
    return total.hexdigest()
