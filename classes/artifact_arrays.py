"""From the artifact files to the arrays of which the service's data consist."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from classes.item_facts import ItemFacts
from classes.user_reviews import UserReviews
from recsys import catalog, columns
from recsys.arrays import FloatArray
from recsys.cleaning.text import is_anonymous
from recsys.cold_start import cold_start_order
from recsys.features import user_profile, user_vectors
from recsys.features.similarity import norms
from recsys.history import History, histories
from scoring.affinities import Affinities
from storage.affinity_file import read_similarities
from storage.artifacts import ArtifactError, ArtifactPaths, Embeddings, read_clean, read_embeddings
from storage.name_table import Arrays, NameIndex, NameTable

FIVE_STAR_RATES: Final = "item_five_star_rate"


def artifact_arrays(paths: ArtifactPaths, cold_start_window_days: int) -> Arrays:
    """Read and check the parquet files, and derive what the service needs of them.

    Raises:
        ArtifactError: A file is missing or unreadable, or two don't fit together.
    """
    review, bought = _read_pair(paths.user_review, paths.user_item, columns.USER, "users")
    desc, price = _read_pair(paths.item_desc, paths.item_price, columns.ITEM, "items")
    named = np.array([not is_anonymous(str(name)) for name in review.names], dtype=bool)
    users = pd.Index(review.names[named].astype(str))
    items = pd.Index(desc.names.astype(str))
    clean, item_rows = _interactions(paths.clean, items)
    arrays: Arrays = {
        "item_desc": desc.vectors,
        "item_desc_norm": norms(desc.vectors),
        "item_price": price.vectors,
    }
    if paths.item_affinity.exists():
        arrays |= Affinities.arrays(read_similarities(paths.item_affinity, items))
        users = catalog.with_reviewers(users, clean[columns.USER])
    user_rows = catalog.rows_of(clean[columns.USER], users)
    history, taste = _history_arrays(clean, user_rows, item_rows, len(users), price)
    arrays["user_review"] = _with_rows(review.vectors[named], len(users))
    arrays["user_item"] = _with_rows(bought.vectors[named], len(users), history, desc.vectors)
    arrays |= taste
    arrays |= NameIndex.of(users.tolist()).arrays("user_name")
    arrays |= NameIndex.of(items.tolist()).arrays("item_name")
    arrays |= _interaction_arrays(
        clean, user_rows, item_rows, len(users), items, cold_start_window_days
    )
    return arrays


def _read_pair(first: Path, second: Path, key: str, what: str) -> tuple[Embeddings, Embeddings]:
    """Read two files of the same names, the second brought into the order of the first."""
    expected, found = read_embeddings(first, key), read_embeddings(second, key)
    if len(found.names) == len(expected.names) and (found.names == expected.names).all():
        return expected, found
    order = pd.Index(found.names).get_indexer(pd.Index(expected.names))
    if len(found.names) != len(expected.names) or (order < 0).any():
        n_missing = int((order < 0).sum())
        raise ArtifactError(
            f"{second.name} has {len(found.names):,} {what} but its partner file has "
            f"{len(expected.names):,}, {n_missing:,} of which it lacks. "
            f"Rebuild both: python -m pipeline embed."
        )
    return expected, Embeddings(expected.names, found.vectors[order], found.columns)


def _interactions(clean_path: Path, items: pd.Index) -> tuple[pd.DataFrame, NDArray[np.int64]]:
    """Read the interactions with candidate items, and the rows of these items."""
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
    if not (item_rows >= 0).any():
        raise ArtifactError(
            f"{clean_path}: none of its {len(clean):,} rows is about one of the {len(items):,} "
            f"items that have embeddings; the files come from different data."
        )
    return clean[item_rows >= 0], item_rows[item_rows >= 0]


def _interaction_arrays(
    clean: pd.DataFrame,
    user_rows: NDArray[np.int64],
    item_rows: NDArray[np.int64],
    n_users: int,
    items: pd.Index,
    cold_start_window_days: int,
) -> Arrays:
    """Derive seen items, cold start, titles, facts and reviews."""
    starts, seen = catalog.seen_items(user_rows, item_rows, n_users)
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
        **UserReviews.arrays(clean, user_rows, item_rows, n_users),
    }


def _history_arrays(
    clean: pd.DataFrame,
    user_rows: NDArray[np.int64],
    item_rows: NDArray[np.int64],
    n_users: int,
    price: Embeddings,
) -> tuple[History, Arrays]:
    """Derive the histories of users, and the profiles that follow from them."""
    times = clean[columns.REVIEW_TIME].to_numpy(dtype="datetime64[us]")
    history = histories(user_rows, item_rows, times, n_users)
    prices = clean[columns.PRICE].to_numpy(dtype=np.float64)
    mean_prices = catalog.mean_prices(item_rows, prices, len(price.names))
    log_prices = user_profile.centered_log_prices(mean_prices)
    rates = price.column(columns.FIVE_STAR_RATE)
    ratings = clean[columns.RATING].to_numpy(dtype=np.float64)[history.interactions]
    return history, {
        "history_starts": history.starts,
        "history_items": history.items,
        "user_profile": user_profile.user_profiles(history, ratings, log_prices, rates),
        "item_log_price": log_prices,
        **({} if rates is None else {FIVE_STAR_RATES: rates}),
    }


def _with_rows(
    vectors: FloatArray,
    n_users: int,
    history: History | None = None,
    item_vectors: FloatArray | None = None,
) -> FloatArray:
    """Add rows for users without embeddings: from their histories where given, else zeros."""
    n_embedded, width = vectors.shape
    if n_embedded == n_users:
        return vectors
    added: FloatArray = np.zeros((n_users - n_embedded, width), dtype=np.float32)
    if history is not None and item_vectors is not None:
        starts = history.starts[n_embedded:]
        added = history_vectors(starts - starts[0], history.items[starts[0] :], item_vectors, width)
    return np.concatenate([vectors, added])


def history_vectors(
    starts: NDArray[np.int64], items: NDArray[np.int32], item_vectors: FloatArray, width: int
) -> FloatArray:
    """Describe histories in the space of items; zeros where that of users is another one."""
    if item_vectors.shape[1] != width:
        return np.zeros((len(starts) - 1, width), dtype=np.float32)
    return user_vectors.history_means(starts, items, item_vectors)
