"""The rows of `clean_df.pq` that a snapshot is made of."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pandas as pd

from recsys import columns
from recsys.cleaning.forgotten import ForgottenUntil, is_remembered
from recsys.interactions import Interactions
from storage.artifacts import ArtifactError, read_clean

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


def clean_rows(
    path: Path, added: pd.DataFrame | None, forgotten_until: ForgottenUntil | None
) -> pd.DataFrame:
    """Read `clean_df.pq` without what was forgotten, and put added rows behind it."""
    clean = read_clean(path, CLEAN_COLUMNS)
    if forgotten_until is not None:
        clean = clean[is_remembered(clean, forgotten_until)]
    if added is None or added.empty:
        return clean
    return pd.concat([clean, added], ignore_index=True)


def with_known_items(interactions: Interactions, n_items: int, clean_path: Path) -> Interactions:
    """Keep the interactions with items of the catalog.

    Raises:
        ArtifactError: There are none.
    """
    kept = interactions.where(interactions.items >= 0)
    if not len(kept):
        raise ArtifactError(
            f"{clean_path}: none of its {len(interactions):,} rows is about one of the {n_items:,} "
            f"items that have embeddings; the files come from different data."
        )
    return kept
