"""What belongs to an item as a whole: one title, brand, category, description, image and price.

`item_table` works on any part of the rows that holds all rows of its items,
`with_item_facts` on any rows. Both accept empty frames, and neither result depends on the
order of the rows.
"""

from __future__ import annotations

from collections import Counter

import pandas as pd

from recsys import columns
from recsys.cleaning.event_rows import is_event
from recsys.cleaning.rows import FACT_COLUMNS, Counts
from recsys.cleaning.text import normalize_text


def item_table(rows: pd.DataFrame) -> pd.DataFrame:
    """Gather the facts of each item from its rows.

    Title, brand, category, description and image are the most frequent ones (ties go to the first in
    alphabetical order), the price is the mean of the known prices. An item without any
    description gets its title, brand and category as one.

    Args:
        rows: (n, any) cleaned rows, all rows of each of their items.

    Returns:
        Frame indexed by `itemName`, ascending: `FACT_COLUMNS` str (missing allowed, but
        "" for a description), `price` float64, `description_is_fallback` bool.
    """
    names = pd.Index(rows[columns.ITEM].astype("str").unique(), name=columns.ITEM).sort_values()
    facts = {name: _mode_by_item(rows, name).reindex(names) for name in FACT_COLUMNS}
    items = pd.DataFrame(facts, index=names)
    # Sorted first, since a float sum depends on its order.
    priced = rows[[columns.ITEM, columns.PRICE]].dropna().sort_values(columns.PRICE)
    priced[columns.ITEM] = priced[columns.ITEM].astype("str")
    items[columns.PRICE] = priced.groupby(columns.ITEM)[columns.PRICE].mean().reindex(names)
    items["description_is_fallback"] = items[columns.DESCRIPTION].isna()
    title, brand, category = (items[name].fillna("") for name in FACT_COLUMNS[:3])
    joined = title + " " + brand + " " + category
    items[columns.DESCRIPTION] = (
        items[columns.DESCRIPTION].fillna(normalize_text(joined)).fillna("").astype("str")
    )
    return items


def with_item_facts(rows: pd.DataFrame, items: pd.DataFrame) -> tuple[pd.DataFrame, Counts]:
    """Add the facts of its item to each review; those of events stay missing.

    So a mean over the rows of an item is the same with and without events, to the last bit.

    Args:
        rows: (n, any) cleaned rows.
        items: Result of `item_table`.

    Returns:
        (n, 12) frame of `CLEAN_COLUMNS`, `OPTIONAL_CLEAN_COLUMNS` and `KIND` under a new index,
        and how many rows each rule changed.
    """
    result = rows.reset_index(drop=True)
    of_review = ~is_event(result)
    facts = items.reindex(result[columns.ITEM].astype("str").where(of_review))
    facts = facts.reset_index(drop=True)
    own = result[columns.DESCRIPTION].astype("str")
    fallback = facts.pop("description_is_fallback").eq(True)
    changed = (own != facts[columns.DESCRIPTION]) & of_review & ~fallback
    counts: Counts = Counter(
        description_fallback=int(fallback.sum()),
        description_unified=int(changed.sum()),
        no_price=int((facts[columns.PRICE].isna() & of_review).sum()),
    )
    facts[columns.DESCRIPTION] = facts[columns.DESCRIPTION].fillna("")
    result[list(facts.columns)] = facts
    for name in (columns.USER, columns.ITEM, columns.KIND):
        result[name] = result[name].astype("str")
    wanted = [*columns.CLEAN_COLUMNS, *columns.OPTIONAL_CLEAN_COLUMNS, columns.KIND]
    return result[wanted], counts


def _mode_by_item(rows: pd.DataFrame, name: str) -> pd.Series:
    """Find the most frequent known value of a column for each item that has any."""
    known = rows.loc[rows[name].notna(), [columns.ITEM, name]]
    sizes = known.groupby([columns.ITEM, name], observed=True, sort=False).size()
    tally = sizes.reset_index(name="n_rows").astype({columns.ITEM: "str", name: "str"})
    tally = tally.sort_values(["n_rows", name], ascending=[False, True])
    return tally.drop_duplicates(columns.ITEM).set_index(columns.ITEM)[name]
