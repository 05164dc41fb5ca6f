"""The columns of `clean_df.pq`, and the note in it."""

from __future__ import annotations

from typing import Final

import pyarrow as pa

from recsys import columns
from storage.snapshot_folder import EVENTS_THROUGH

CLEAN_SCHEMA: Final = pa.schema(
    [
        (columns.USER, pa.string()),
        (columns.ITEM, pa.string()),
        (columns.DESCRIPTION, pa.string()),
        (columns.PRICE, pa.float64()),
        (columns.REVIEW_TIME, pa.timestamp("us")),
        (columns.RATING, pa.float64()),
        (columns.REVIEW_TEXT, pa.string()),
        (columns.TITLE, pa.string()),
        (columns.BRAND, pa.string()),
        (columns.CATEGORY, pa.string()),
        (columns.IMAGE, pa.string()),
    ]
)
"""The columns of `clean_df.pq` where all rows are reviews; only price, title, brand, category and
image may be missing."""

WITH_KINDS: Final = CLEAN_SCHEMA.append(pa.field(columns.KIND, pa.string()))
"""The same where there are events, for which also the facts of their item are missing."""


def schema_of(last_event: int) -> pa.Schema:
    """Lay out `clean_df.pq`, given the number of the last event in it, 0 for none.

    The number is a note in the file: a reload takes in later events only.
    """
    if not last_event:
        return CLEAN_SCHEMA
    return WITH_KINDS.with_metadata({EVENTS_THROUGH: str(last_event)})
