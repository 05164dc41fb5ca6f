"""From artifact files to what a ranker learns from: the interactions and the catalog."""

from __future__ import annotations

from collections.abc import Callable
from contextvars import ContextVar
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
from numpy.typing import NDArray

from pipeline.train.progress import Tell, silently
from pipeline.train.ranker.feature_state import Catalog
from pipeline.train.ranker.nearest import NEIGHBORS, Entries, nearest
from pipeline.train.ranker.similarities import vector_similarity, word_similarity
from recsys import catalog, columns
from recsys.arrays import FloatArray, Names
from recsys.features.user_profile import centered_log_prices
from recsys.interactions import Interactions, interactions_of
from storage.artifacts import ArtifactPaths, read_clean, read_embedding_pair

TEXT_CHARACTERS: Final = 600
"""How much of a description counts for the words of an item."""

INTERACTION_COLUMNS: Final = (columns.USER, columns.ITEM, columns.REVIEW_TIME, columns.RATING)
ITEM_COLUMNS: Final = (
    columns.PRICE,
    columns.TITLE,
    columns.BRAND,
    columns.CATEGORY,
    columns.DESCRIPTION,
)


@dataclass(frozen=True)
class RankerData:
    """Everything that training reads.

    Attributes:
        interactions: All reviews and purchases.
        catalog: What items are.
        item_names: (n_items,) in the order of `item_desc_emb_df.pq`.
        item_vectors: (n_items, d) float32, of the items' texts.
    """

    interactions: Interactions
    catalog: Catalog
    item_names: pd.Index
    item_vectors: FloatArray


def read_ranker_data(paths: ArtifactPaths, tell: Tell = silently) -> RankerData:
    """Read the cleaned interactions, and vectors and prices of the items; compare their contents.

    Args:
        paths: Where they are.
        tell: Told how far it is.

    Raises:
        storage.artifacts.ArtifactError: A file is missing or bad, or the two about items
            don't fit.
    """
    desc, price = read_embedding_pair(paths.item_desc, paths.item_price, columns.ITEM)
    names = pd.Index(desc.names)
    tables = READ_TABLES.get()(paths.clean, names)
    items = Catalog(
        centered_log_prices(tables.prices),
        price.vectors[:, 0],
        content_similarities(tables.texts, desc.vectors, tell),
    )
    return RankerData(tables.interactions, items, names, desc.vectors)


def content_similarities(
    texts: NDArray[np.object_], vectors: FloatArray, tell: Tell = silently
) -> dict[str, Entries]:
    """Make the similarities of words and of vectors, which know no time."""
    n = NEIGHBORS
    return {
        "tf": nearest(
            word_similarity(texts.tolist()), n, partial(tell, "comparing words of items")
        ),
        "ml": nearest(vector_similarity(vectors), n, partial(tell, "comparing vectors of items")),
    }


class ReviewTables(NamedTuple):
    """What training takes from the reviews.

    Attributes:
        interactions: All reviews and purchases.
        texts: (n_items,) str of `joined_texts`.
        prices: (n_items,) float64 USD, NaN where unknown.
    """

    interactions: Interactions
    texts: Names
    prices: NDArray[np.float64]


def read_tables(clean_path: Path, names: pd.Index) -> ReviewTables:
    """Read the reviews of the items of these names.

    Raises:
        storage.artifacts.ArtifactError: The file is missing or bad.
    """
    clean = read_clean(clean_path, (*INTERACTION_COLUMNS, *ITEM_COLUMNS))
    texts, prices = joined_texts(clean, names), catalog.item_prices(clean, names)
    return ReviewTables(interactions_of(clean, names).chosen(), texts, prices)


READ_TABLES: Final[ContextVar[Callable[[Path, pd.Index], ReviewTables]]] = ContextVar(
    "READ_TABLES", default=read_tables
)
"""What reads them: pandas, or another engine."""


def read_interactions(clean_path: Path, names: pd.Index) -> Interactions:
    """Read the interactions alone, with items of these names.

    Raises:
        storage.artifacts.ArtifactError: The file is missing or bad.
    """
    return interactions_of(read_clean(clean_path, INTERACTION_COLUMNS), names).chosen()


def joined_texts(clean: pd.DataFrame, names: pd.Index) -> Names:
    """Join title (or else the name), brand, category and the start of the description.

    Args:
        clean: Interactions; a column that it lacks says nothing.
        names: (n_items,).

    Returns:
        (n_items,) str.
    """
    titles, brands, categories, descriptions = (
        catalog.item_texts(clean, column, names) for column in ITEM_COLUMNS[1:]
    )
    if columns.TITLE not in clean:
        titles = [str(name) for name in names]
    starts = [text[:TEXT_CHARACTERS] for text in descriptions]
    parts = zip(titles, brands, categories, starts, strict=True)
    return np.array([" ".join(texts) for texts in parts], dtype=object)
