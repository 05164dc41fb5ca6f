"""The arrays about items: their names, titles, vectors, columns, similarities and order."""

from __future__ import annotations

from typing import Final

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from classes.shelves.title_index import TitleIndex
from recsys import catalog, columns
from recsys.cold_start import cold_start_order
from recsys.features.five_star_model import FiveStarModel
from recsys.features.similarity import norms
from recsys.interactions import Interactions
from scoring.affinities import Affinities
from storage.affinity_file import read_similarities
from storage.artifacts import (
    FIVE_STAR_NOTE,
    ArtifactError,
    ArtifactPaths,
    Embeddings,
    read_note,
)
from storage.name_table import Arrays, NameIndex, NameTable

FIVE_STAR_ITEM_LOGITS: Final = "item_five_star_logit"
FIVE_STAR_WEIGHTS: Final = "five_star_weights"
ITEM_COLUMN_NAMES: Final = "names_of_item_columns"
NOT_MOVED: Final = -1


def item_arrays(
    desc: Embeddings, price: Embeddings, clean: pd.DataFrame, items: pd.Index
) -> Arrays:
    """Name and describe the items.

    Args:
        desc: The vectors of their descriptions.
        price: Their columns, the price first.
        clean: Rows of `clean_df.pq`, for the titles.
        items: (n_items,) names.
    """
    titles = catalog.item_texts(clean, columns.TITLE, items)
    shown = (title or name for title, name in zip(titles, items, strict=True))
    return {
        "item_desc": desc.vectors,
        "item_desc_norm": norms(desc.vectors),
        "item_price": price.vectors,
        ITEM_COLUMN_NAMES: np.array(price.columns, dtype=np.str_),
        **NameIndex.of(items.tolist()).arrays("item_name"),
        **NameTable.of(titles).arrays("item_title"),
        **TitleIndex.arrays(shown),
    }


def affinity_arrays(
    paths: ArtifactPaths, desc: Embeddings, price: Embeddings, items: pd.Index
) -> Arrays:
    """Read the item similarities and prepare the five-star model, which reads affinities.

    Raises:
        ArtifactError: A file is unreadable, or doesn't fit the others.
    """
    similarities = read_similarities(paths.item_affinity, items)
    of_five_stars = _five_star_arrays(paths, price, desc, similarities.names.tolist())
    return {**Affinities.arrays(similarities), **of_five_stars}


def cold_start_arrays(
    interactions: Interactions, prices: NDArray[np.float64], window_days: int
) -> Arrays:
    """Put the items in the order in which cold-start users get them, with the reasons for it."""
    days, ratings = interactions.days, interactions.ratings
    found = cold_start_order(interactions.items, days, ratings, prices, window_days)
    moved_up = NOT_MOVED if found.moved_up is None else found.moved_up
    return {
        "cold_start_items": found.order,
        "cold_start_window_days": np.array([found.window_days]),
        "cold_start_counts": found.counts,
        "cold_start_moved_up": np.array([moved_up]),
    }


def _five_star_arrays(
    paths: ArtifactPaths, price: Embeddings, desc: Embeddings, similarities: list[str]
) -> Arrays:
    """Prepare the five-star model that training noted; nothing where it noted none."""
    note = read_note(paths.item_price, FIVE_STAR_NOTE)
    if note is None:
        return {}
    try:
        model = FiveStarModel.from_json(note)
        named = dict(zip(price.columns, price.vectors.T, strict=True))
        logits = model.item_logits(named, desc.vectors)
        weights = model.weights(similarities)
    except (KeyError, ValueError) as error:
        raise ArtifactError(
            f"{paths.item_price}: its note {FIVE_STAR_NOTE} doesn't fit the files beside it "
            f"({error}). Write it anew: python -m pipeline refresh."
        ) from error
    return {FIVE_STAR_ITEM_LOGITS: logits, FIVE_STAR_WEIGHTS: weights}
