"""A few raw reviews, whole but for what a test says, and what the rules make of them."""

from __future__ import annotations

from typing import Any

import pandas as pd

from recsys.cleaning.item_table import item_table, with_item_facts
from recsys.cleaning.rows import Keys, clean_rows, deduplicate

NAMES = Keys()


IDS = Keys("reviewerID", "asin")


def raw_frame(*rows: dict[str, Any]) -> pd.DataFrame:
    """Raw reviews that are whole but for what each row says otherwise."""
    whole = {
        "userName": "Jane Doe",
        "itemName": "Red Lamp",
        "description": "A lamp.",
        "price": "$10.00",
        "rating": "5.0",
        "reviewTime": "2018-01-31",
        "summary": "Nice",
        "reviewText": "Good lamp!",
        "reviewerID": "A1",
        "asin": "B1",
    }
    return pd.DataFrame([whole | row for row in rows], columns=list(whole), dtype="str")


def clean_all(raw: pd.DataFrame, keys: Keys = NAMES) -> pd.DataFrame:
    rows, _ = deduplicate(clean_rows(raw, keys)[0])
    return with_item_facts(rows, item_table(rows))[0]
