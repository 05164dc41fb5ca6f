"""From artifact files to what a ranker learns from: the log and the catalog."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.train.ranker.feature_state import Catalog, Log, content_similarities
from recsys import columns
from recsys.catalog import mean_prices, rows_of
from recsys.cleaning.text import anonymous_mask
from recsys.features.user_profile import centered_log_prices
from recsys.split import review_days
from storage.artifacts import ArtifactError, ArtifactPaths, read_clean, read_embeddings

TEXT_CHARACTERS = 600
"""How much of a description counts for the words of an item."""

_TEXT_COLUMNS = (columns.TITLE, columns.BRAND, columns.CATEGORY, columns.DESCRIPTION)
_CLEAN_COLUMNS = (
    columns.USER,
    columns.ITEM,
    columns.REVIEW_TIME,
    columns.RATING,
    columns.PRICE,
    *_TEXT_COLUMNS,
)


@dataclass(frozen=True)
class RankerData:
    """Everything that training reads.

    Attributes:
        log: All interactions in order of time.
        catalog: What items are.
        item_names: (n_items,) in the order of `item_desc_emb_df.pq`.
        n_users: Everybody who is a person, with or without embeddings.
    """

    log: Log
    catalog: Catalog
    item_names: pd.Index
    n_users: int


def read_ranker_data(paths: ArtifactPaths) -> RankerData:
    """Read the cleaned interactions, and vectors and prices of the items.

    Raises:
        ArtifactError: A file is missing or bad, or the two about items don't fit.
        recsys.split.SplitError: A time is missing.
    """
    described = read_embeddings(paths.item_desc, columns.ITEM)
    names = pd.Index(described.names)
    clean = read_clean(paths.clean, _CLEAN_COLUMNS)
    items = rows_of(clean[columns.ITEM], names)
    texts = item_texts(clean, items, names)
    log, n_users = _log(clean, items)
    raw_prices = clean[columns.PRICE].to_numpy(dtype=np.float64)
    catalog = Catalog(
        texts,
        described.vectors,
        centered_log_prices(mean_prices(items, raw_prices, len(names))),
        _prices(paths, names),
        content_similarities(texts, described.vectors),
    )
    return RankerData(log, catalog, names, n_users)


def read_log(clean_path: Path, names: pd.Index) -> tuple[Log, int]:
    """Read the interactions alone, and say how many users there are.

    Raises:
        ArtifactError: The file is missing or bad.
        recsys.split.SplitError: A time is missing.
    """
    wanted = (columns.USER, columns.ITEM, columns.REVIEW_TIME, columns.RATING)
    clean = read_clean(clean_path, wanted)
    return _log(clean, rows_of(clean[columns.ITEM], names))


def item_texts(
    clean: pd.DataFrame, items: NDArray[np.int64], names: pd.Index
) -> NDArray[np.object_]:
    """Join title (or else the name), brand, category and the start of the description.

    Args:
        clean: Interactions; a column that it lacks says nothing.
        items: (n,) the item row of each.
        names: (n_items,).

    Returns:
        (n_items,) str.
    """
    first = np.unique(items[items >= 0], return_index=True)
    rows = clean.iloc[np.flatnonzero(items >= 0)[first[1]]]
    parts = [rows[name].astype("str").fillna("") for name in _TEXT_COLUMNS if name in rows]
    parts[-1] = parts[-1].str.slice(0, TEXT_CHARACTERS)
    if columns.TITLE not in rows:
        parts.insert(0, rows[columns.ITEM].astype("str"))
    joined = pd.concat(parts, axis=1).agg(" ".join, axis=1).to_numpy(dtype=object)
    texts = np.full(len(names), "", dtype=object)
    texts[first[0]] = joined
    return texts


def _log(clean: pd.DataFrame, items: NDArray[np.int64]) -> tuple[Log, int]:
    users, n_users = _persons(clean[columns.USER])
    log = Log(
        users,
        items,
        clean[columns.REVIEW_TIME].to_numpy(dtype="datetime64[us]").astype(np.int64),
        review_days(clean[columns.REVIEW_TIME]).astype(np.int32),
        clean[columns.RATING].to_numpy(dtype=np.float32),
    )
    return log, n_users


def _persons(users: pd.Series) -> tuple[NDArray[np.int64], int]:
    """Number everybody by name, -1 for anonymous customers."""
    codes, names = pd.factorize(users.astype("str"), sort=True)
    anonymous = anonymous_mask(pd.Series(names, dtype="str")).to_numpy() | np.asarray(names == "")
    rows = np.where(anonymous, -1, np.arange(len(names)))
    known = np.where(codes >= 0, rows[codes], -1)
    return known.astype(np.int64), len(names)


def _prices(paths: ArtifactPaths, names: pd.Index) -> NDArray[np.float32]:
    """The scaled price of each item, the first column of its file."""
    found = read_embeddings(paths.item_price, columns.ITEM)
    rows: NDArray[Any] = pd.Index(found.names).get_indexer(names)
    if len(found.names) != len(names) or (rows < 0).any():
        raise ArtifactError(
            f"{paths.item_price} has {len(found.names):,} items and {paths.item_desc} "
            f"{len(names):,}, {int((rows < 0).sum()):,} of which are missing from the first. "
            f"Rebuild both: python -m pipeline embed."
        )
    prices: NDArray[np.float32] = found.vectors[rows, 0]
    return prices
