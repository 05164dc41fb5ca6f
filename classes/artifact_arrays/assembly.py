"""Reads all artifacts and puts the arrays about users, items and rows together."""

from __future__ import annotations

import pandas as pd

from classes.artifact_arrays.clean_rows import clean_rows, with_known_items
from classes.artifact_arrays.items import affinity_arrays, cold_start_arrays, item_arrays
from classes.artifact_arrays.users import history_arrays, read_embedded_users, user_arrays
from classes.item_facts import ItemFacts
from classes.shelves.shelf_arrays import ShelfFacts
from classes.user_reviews import UserReviews
from recsys import catalog, columns
from recsys.cleaning.forgotten import ForgottenUntil
from recsys.interactions import recorded_interactions
from storage.artifacts import MEAN_RATING_NOTE, ArtifactPaths, read_embedding_pair, read_note
from storage.name_table import Arrays


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
    users = read_embedded_users(paths, forgotten_until)
    desc, price = read_embedding_pair(paths.item_desc, paths.item_price, columns.ITEM)
    items = pd.Index(desc.names).astype("str")
    clean = clean_rows(paths.clean, added, forgotten_until)
    recorded = recorded_interactions(clean, items, users.names)
    recorded = with_known_items(recorded, len(items), paths.clean)
    arrays: Arrays = {}
    if paths.item_affinity.exists():
        arrays = affinity_arrays(paths, desc, price, items)
    else:
        recorded = recorded.of_first_users(len(users.names))
    interactions = recorded.without_removes()
    history, chosen = interactions.histories(), interactions.chosen()
    prices = catalog.item_prices(clean, items)
    rates = price.column(columns.FIVE_STAR_RATE)
    mean_rating = read_note(paths.item_price, MEAN_RATING_NOTE)
    return {
        **arrays,
        **item_arrays(desc, price, clean, items),
        **user_arrays(users, interactions.user_names, history, desc.vectors),
        **history_arrays(interactions, history, prices, rates, mean_rating),
        **ItemFacts.arrays(clean, chosen, prices, items),
        **UserReviews.arrays(recorded),
        **ShelfFacts.arrays(chosen, len(items)),
        **cold_start_arrays(chosen, prices, cold_start_window_days),
    }
