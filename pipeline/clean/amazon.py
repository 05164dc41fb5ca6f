"""Amazon's review files in the reference schema, and Amazon's product metadata.

The reference schema is `recsys.columns.RAW_COLUMNS`; these files name some columns otherwise.

2014 and 2018 (McAuley, Ni): reviewerID, asin, reviewerName, overall, unixReviewTime.
2023 (Hou): user_id, parent_asin, rating, title (of the review), text, timestamp (ms).
"""

from __future__ import annotations

from pathlib import Path
from typing import Final

import pandas as pd

from pipeline.clean.readers import read_chunks, read_column_names
from pipeline.errors import PipelineError
from recsys import columns
from recsys.cleaning.rows import CATEGORIES, UNIX_TIME, Keys

USER_ID: Final = "reviewerID"
ITEM_ID: Final = "asin"

_REVIEW_NAMES: Final = {
    "overall": columns.RATING,
    "reviewerName": columns.USER,
    "user_id": USER_ID,
    "timestamp": UNIX_TIME,
    "text": columns.REVIEW_TEXT,
}
_METADATA_NAMES: Final = {
    "title": columns.ITEM,
    "store": columns.BRAND,
    "main_category": columns.CATEGORY,
    "imUrl": columns.IMAGE,
    "imageURLHighRes": columns.IMAGE,
    "images": columns.IMAGE,
}
_METADATA_COLUMNS: Final = (
    columns.ITEM,
    columns.DESCRIPTION,
    columns.BRAND,
    columns.CATEGORY,
    columns.PRICE,
    columns.IMAGE,
    CATEGORIES,
)
_PARENT: Final = "parent_asin"  # 2023: the product; its `asin` is one variant of it


def wanted_review_columns(keys: Keys) -> set[str]:
    """List every raw column that cleaning may use, in all spellings."""
    return {
        *(keys.user, keys.item, USER_ID, ITEM_ID, _PARENT, UNIX_TIME, CATEGORIES, "title"),
        *(columns.USER, columns.ITEM, columns.DESCRIPTION, columns.BRAND, columns.CATEGORY),
        *(columns.PRICE, columns.IMAGE, columns.RATING, columns.REVIEW_TIME, columns.SUMMARY),
        *(columns.REVIEW_TEXT, columns.KIND, columns.EVENT_SEQ, *_REVIEW_NAMES),
    }


def in_reference_schema(raw: pd.DataFrame) -> pd.DataFrame:
    """Add columns under the names of the reference schema to those under Amazon's names."""
    named = _with_names(raw, _REVIEW_NAMES)
    if _PARENT in raw.columns:
        named[ITEM_ID] = raw[_PARENT]
        if "title" in raw.columns and columns.SUMMARY not in raw.columns:
            named[columns.SUMMARY] = raw["title"]
    return named


def read_metadata(path: Path) -> pd.DataFrame:
    """Read a whole metadata file; of several entries for one item the first counts.

    Returns:
        Frame of str indexed by `asin`, with those of itemName, description, brand,
        category, price, image and categories that the file has.

    Raises:
        PipelineError: The file can't be read, or has no item ids.
    """
    wanted = {ITEM_ID, _PARENT, *_METADATA_NAMES, *_METADATA_COLUMNS}
    names = read_column_names(path)
    if not {ITEM_ID, _PARENT} & set(names):
        raise PipelineError(
            f"{path} names no items: expected the column asin or parent_asin, found {names}."
        )
    parts = []
    for chunk in read_chunks(path, wanted):
        part = _with_names(chunk.frame, _METADATA_NAMES)
        if _PARENT in part.columns:
            part[ITEM_ID] = part[_PARENT]
        parts.append(part[[name for name in (ITEM_ID, *_METADATA_COLUMNS) if name in part]])
    metadata = pd.concat(parts, ignore_index=True)
    return metadata.dropna(subset=[ITEM_ID]).drop_duplicates(ITEM_ID).set_index(ITEM_ID)


def join_metadata(raw: pd.DataFrame, metadata: pd.DataFrame) -> pd.DataFrame:
    """Fill in from the metadata what the reviews don't say about their item.

    Images of the metadata come first: those of reviews are what customers photographed.
    """
    facts = metadata.reindex(raw[ITEM_ID]).set_axis(raw.index)
    joined = raw.copy()
    for name in facts.columns:
        known = joined[name] if name in joined else facts[name]
        first, other = (facts[name], known) if name == columns.IMAGE else (known, facts[name])
        joined[name] = first.fillna(other)
    return joined


def _with_names(raw: pd.DataFrame, names: dict[str, str]) -> pd.DataFrame:
    named = raw.copy()
    for amazon, ours in names.items():
        if amazon in raw.columns and ours not in raw.columns:
            named[ours] = raw[amazon]
    return named
