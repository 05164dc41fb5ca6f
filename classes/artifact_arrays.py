"""From the artifact files to the arrays of which the service's data consist."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from classes.item_facts import ItemFacts
from classes.shelves.shelf_arrays import ShelfFacts
from classes.shelves.title_index import TitleIndex
from classes.user_reviews import UserReviews
from recsys import catalog, columns
from recsys.arrays import FloatArray, Names
from recsys.cleaning.forgotten import NEVER_FORGOTTEN, ForgottenUntil, is_remembered
from recsys.cleaning.text import normalize_text
from recsys.cold_start import ColdStart, cold_start_order
from recsys.features import user_profile, user_vectors
from recsys.features.five_star_model import FiveStarModel
from recsys.features.similarity import norms
from recsys.history import History
from recsys.interactions import Interactions, identifies, recorded_interactions
from scoring.affinities import Affinities
from storage.affinity_file import read_similarities
from storage.artifacts import (
    FIVE_STAR_NOTE,
    MEAN_RATING_NOTE,
    ArtifactError,
    ArtifactPaths,
    Embeddings,
    read_clean,
    read_embedding_pair,
    read_note,
)
from storage.name_table import Arrays, NameIndex, NameTable

FIVE_STAR_RATES: Final = "item_five_star_rate"
FIVE_STAR_ITEM_LOGITS: Final = "item_five_star_logit"
FIVE_STAR_WEIGHTS: Final = "five_star_weights"
MEAN_RATING: Final = "history_mean_rating"
ITEM_COLUMN_NAMES: Final = "names_of_item_columns"
N_WITH_EMBEDDINGS: Final = "n_users_with_embeddings"
CLEAN_USER_NAMES: Final = "user_names_are_clean"
NOT_MOVED: Final = -1

CLEAN_COLUMNS: Final = (
    columns.USER,
    columns.ITEM,
    columns.PRICE,
    columns.RATING,
    columns.REVIEW_TIME,
    columns.TITLE,
    columns.BRAND,
    columns.CATEGORY,
    columns.IMAGE,
    columns.KIND,
)


def artifact_arrays(
    paths: ArtifactPaths,
    cold_start_window_days: int,
    added: pd.DataFrame | None = None,
    forgotten_until: ForgottenUntil | None = None,
) -> Arrays:
    """Read and check the parquet files, and derive what the service needs of them.

    Args:
        paths: Where the files are.
        cold_start_window_days: How far back the cold-start list looks, for a start.
        added: Rows that count as if they stood behind those of `clean_df.pq`, with the columns
            user, item, time, rating and kind at least.
        forgotten_until: Says which users were forgotten. Their embeddings and their rows of
            `clean_df.pq` up to then aren't read; added rows are.

    Raises:
        ArtifactError: A file is missing or unreadable, or two don't fit together.
    """
    review, bought = read_embedding_pair(paths.user_review, paths.user_item, columns.USER)
    desc, price = read_embedding_pair(paths.item_desc, paths.item_price, columns.ITEM)
    named = identifies(review.names)
    if forgotten_until is not None:
        named = named & (forgotten_until(review.names) == NEVER_FORGOTTEN)
    user_names, of_reviews = review.names[named], review.vectors[named]
    of_items = bought.vectors[named]
    del review, bought  # gigabytes, where there are many users
    items = pd.Index(desc.names).astype("str")
    arrays: Arrays = {
        "item_desc": desc.vectors,
        "item_desc_norm": norms(desc.vectors),
        "item_price": price.vectors,
    }
    clean = _clean_rows(paths.clean, added, forgotten_until)
    recorded = recorded_interactions(clean, items, user_names)
    recorded = _about(recorded, len(items), paths.clean)
    if paths.item_affinity.exists():
        similarities = read_similarities(paths.item_affinity, items)
        arrays |= Affinities.arrays(similarities)
        arrays |= _five_star_arrays(paths.item_price, price, desc, similarities.names.tolist())
    else:
        recorded = recorded.of_first_users(int(named.sum()))
    arrays[N_WITH_EMBEDDINGS] = np.array([named.sum()])
    interactions = recorded.without_removes()
    history = interactions.histories()
    arrays["user_review"] = _with_rows(of_reviews, interactions.n_users)
    arrays["user_item"] = _with_histories(of_items, history, desc.vectors)
    prices = catalog.item_prices(clean, items)
    arrays[ITEM_COLUMN_NAMES] = np.array(price.columns, dtype=np.str_)
    rates = price.column(columns.FIVE_STAR_RATE)
    mean_rating = read_note(paths.item_price, MEAN_RATING_NOTE)
    arrays |= _history_arrays(interactions, history, prices, rates, mean_rating)
    arrays[CLEAN_USER_NAMES] = np.array([_are_clean(interactions.user_names)])
    arrays |= NameIndex.of(interactions.user_names.tolist()).arrays("user_name")
    arrays |= NameIndex.of(items.tolist()).arrays("item_name")
    titles = catalog.item_texts(clean, columns.TITLE, items)
    arrays |= NameTable.of(titles).arrays("item_title")
    shown = (title or name for title, name in zip(titles, items, strict=True))
    arrays |= TitleIndex.arrays(shown)
    chosen = interactions.chosen()
    arrays |= ItemFacts.arrays(clean, chosen, prices, items)
    arrays |= UserReviews.arrays(recorded)
    arrays |= ShelfFacts.arrays(chosen, len(items))
    cold_start = _cold_start(chosen, prices, cold_start_window_days)
    arrays["cold_start_items"] = cold_start.order
    arrays["cold_start_window_days"] = np.array([cold_start.window_days])
    arrays["cold_start_counts"] = cold_start.counts
    moved_up = NOT_MOVED if cold_start.moved_up is None else cold_start.moved_up
    arrays["cold_start_moved_up"] = np.array([moved_up])
    return arrays


def _clean_rows(
    path: Path, added: pd.DataFrame | None, forgotten_until: ForgottenUntil | None
) -> pd.DataFrame:
    """Read `clean_df.pq` without what was forgotten, and put added rows behind it."""
    clean = read_clean(path, CLEAN_COLUMNS)
    if forgotten_until is not None:
        clean = clean[is_remembered(clean, forgotten_until)]
    if added is None or added.empty:
        return clean
    return pd.concat([clean, added], ignore_index=True)


def _are_clean(names: Names) -> bool:
    """Return whether each name is as the cleaning rule leaves it."""
    texts = pd.Series(names, dtype="str")
    return bool((normalize_text(texts) == texts).all())


def _about(interactions: Interactions, n_items: int, clean_path: Path) -> Interactions:
    """Keep what is about items of the catalog."""
    about = interactions.where(interactions.items >= 0)
    if not len(about):
        raise ArtifactError(
            f"{clean_path}: none of its {len(interactions):,} rows is about one of the {n_items:,} "
            f"items that have embeddings; the files come from different data."
        )
    return about


def _with_rows(vectors: FloatArray, n_users: int) -> FloatArray:
    """Add zeros for users without embeddings."""
    added = np.zeros((n_users - len(vectors), vectors.shape[1]), dtype=np.float32)
    return np.concatenate([vectors, added]) if len(added) else vectors


def _with_histories(vectors: FloatArray, history: History, item_vectors: FloatArray) -> FloatArray:
    """Add the vectors of users without embeddings, from their histories."""
    rest = history.from_user(len(vectors))
    added = history_vectors(rest, item_vectors, vectors.shape[1])
    return np.concatenate([vectors, added]) if len(added) else vectors


def history_vectors(history: History, item_vectors: FloatArray, width: int) -> FloatArray:
    """Describe histories in the space of items; zeros where that of users is another one."""
    if item_vectors.shape[1] != width:
        return np.zeros((history.n_users, width), dtype=np.float32)
    return user_vectors.user_item_vectors(history, item_vectors)


def _history_arrays(
    interactions: Interactions,
    history: History,
    prices: NDArray[np.float64],
    five_star_rates: FloatArray | None,
    written_mean: str | None,
) -> Arrays:
    """Derive what histories tell: what was seen, and the profiles of users.

    The mean rating is the one that training wrote, if it did: a reload of newer histories then
    leaves the profiles of all other users as they were.
    """
    log_prices = user_profile.centered_log_prices(prices)
    ratings, seen = interactions.ratings[history.interactions], interactions.seen()
    starts, seen_items = catalog.seen_items(seen.users, seen.items, history.n_users)
    mean = user_profile.mean_of(ratings) if written_mean is None else float(written_mean)
    return {
        "seen_starts": starts,
        "seen_items": seen_items,
        "history_starts": history.starts,
        "history_items": history.items,
        **({"history_weights": history.weights} if len(history.weights) else {}),
        "user_profile": user_profile.user_profiles(
            history, ratings, log_prices, five_star_rates, mean
        ),
        "item_log_price": log_prices,
        MEAN_RATING: np.array([mean]),
        **({} if five_star_rates is None else {FIVE_STAR_RATES: five_star_rates}),
    }


def _five_star_arrays(
    path: Path, price: Embeddings, desc: Embeddings, similarities: list[str]
) -> Arrays:
    """Prepare the five-star model that training noted; nothing where it noted none."""
    note = read_note(path, FIVE_STAR_NOTE)
    if note is None:
        return {}
    try:
        model = FiveStarModel.from_json(note)
        named = dict(zip(price.columns, price.vectors.T, strict=True))
        logits = model.item_logits(named, desc.vectors)
        weights = model.weights(similarities)
    except (KeyError, ValueError) as error:
        raise ArtifactError(
            f"{path}: its note {FIVE_STAR_NOTE} doesn't fit the files beside it ({error}). "
            f"Write it anew: python -m pipeline refresh."
        ) from error
    return {FIVE_STAR_ITEM_LOGITS: logits, FIVE_STAR_WEIGHTS: weights}


def _cold_start(
    interactions: Interactions, prices: NDArray[np.float64], window_days: int
) -> ColdStart:
    days, ratings = interactions.days, interactions.ratings
    return cold_start_order(interactions.items, days, ratings, prices, window_days)
