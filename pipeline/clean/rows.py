"""Rows of raw reviews and events, cleaned and unified: what both engines do to parts of them."""

from __future__ import annotations

from collections import Counter

import pandas as pd

from recsys import columns
from recsys.cleaning.event_rows import is_event
from recsys.cleaning.forgotten import is_remembered
from recsys.cleaning.item_table import item_table
from recsys.cleaning.rows import FACT_COLUMNS, Counts, Keys, clean_rows, deduplicate
from storage.events.forgotten import ForgottenUsers


def clean_remembered(
    raw: pd.DataFrame, keys: Keys, forgotten: ForgottenUsers | None
) -> tuple[pd.DataFrame, Counts]:
    """Clean rows as `clean_rows` does, and drop what is known of users who were forgotten."""
    rows, counts = clean_rows(raw, keys)
    if forgotten is not None:
        remembered = is_remembered(rows, forgotten.until)
        counts["forgotten"] = int((~remembered).sum())
        rows = rows[remembered]
    return rows, counts


def unify(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, Counts]:
    """Make one row an interaction and one an item, of any rows that hold all of their items.

    Events about an item without a review go: nothing is known of it.

    Args:
        rows: (n, 13) of `clean_rows`, under a unique index; may be empty.

    Returns:
        The rows without duplicates, in order and under their index; `item_table` of the reviews;
        and how many were dropped. Neither depends on how items were divided.
    """
    rows, n_equal = deduplicate(rows)
    items = item_table(rows[~is_event(rows)])
    # Rows that differed only in the facts of their item are duplicates from here on.
    facts = {columns.PRICE, *FACT_COLUMNS}
    kept, n_more = deduplicate(rows[[name for name in rows.columns if name not in facts]])
    known = kept[columns.ITEM].isin(items.index)
    counts = Counter(duplicate=n_equal + n_more, unknown_item=int((~known).sum()))
    return rows.loc[kept.index[known]], items, counts
