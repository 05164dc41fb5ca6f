"""The cleaning rules for a single review, and for reviews that were published twice.

`clean_rows` works on any part of the rows, `deduplicate` on any part that holds all rows of
its items. Both accept empty frames, and no result depends on how the rows were divided. What
belongs to an item as a whole is in `recsys.cleaning.item_table`.
"""

from __future__ import annotations

from collections import Counter
from dataclasses import dataclass
from typing import Final

import pandas as pd

from recsys import columns
from recsys.cleaning.event_rows import is_event, lacks_kind, lacks_rating, with_events
from recsys.cleaning.image_url import image_url
from recsys.cleaning.price_text import other_currency_mask, parse_price, price_range_mask
from recsys.cleaning.review_time import parse_times
from recsys.cleaning.text import (
    MAX_NAME_LENGTH,
    anonymous_mask,
    display_text,
    has_html,
    last_step,
    map_distinct,
    normalize_text,
)

CATEGORIES: Final = "categories"
UNIX_TIME: Final = "unixReviewTime"

FACT_COLUMNS: Final = (
    columns.TITLE,
    columns.BRAND,
    columns.CATEGORY,
    columns.DESCRIPTION,
    columns.IMAGE,
)
"""Texts about the item, not about the review."""

ROW_COLUMNS: Final = (
    columns.USER,
    columns.ITEM,
    columns.REVIEW_TIME,
    columns.RATING,
    columns.PRICE,
    *FACT_COLUMNS,
    columns.REVIEW_TEXT,
    columns.KIND,
    columns.EVENT_SEQ,
)
"""The columns of a cleaned row before the facts of its item are unified."""

DROPPED: Final = {
    "no_user": "dropped: no user name",
    "no_item": "dropped: no item name",
    "long_name": f"dropped: user or item name of more than {MAX_NAME_LENGTH} characters",
    "bad_kind": "dropped: event of an unknown kind",
    "bad_rating": "dropped: no rating from 1 to 5",
    "bad_time": "dropped: no usable review time",
    "forgotten": "dropped: of a user who was forgotten",
    "duplicate": "dropped: exact duplicate",
    "unknown_item": "dropped: event about an item that no review is about",
}
MENDED: Final = {
    "html": "mended: HTML removed from a text",
    "text_from_summary": "mended: review text missing, summary used",
    "time_from_unix": "mended: review time taken from unixReviewTime",
    "price_range": "mended: price range averaged",
    "price_junk": "mended: price text without an amount set to missing",
    "long_fact": f"mended: title, brand or category cut to {MAX_NAME_LENGTH} characters",
    "description_unified": "mended: description replaced by the item's most frequent one",
    "description_fallback": "mended: description missing, title, brand and category used",
}
NOTED: Final = {
    "anonymous": "kept: anonymous customer, counts for popularity only",
    "no_text": "kept: neither review text nor summary",
    "other_currency": "kept: price in another currency, its number read as US dollars",
    "no_price": "kept: no price known for the item",
    "event": "kept: event of the service, among them views and hidden items",
}
RULES: Final = {**DROPPED, **MENDED, **NOTED}
"""The meaning of each count, in the order of the report. A row is dropped for the first reason
that holds, and counted under that only."""

Counts = Counter[str]


@dataclass(frozen=True)
class Keys:
    """The raw columns that identify user and item.

    Names (`userName`, `itemName`) are normalized as free text. Any other column holds ids,
    which are trimmed and otherwise kept as they are.
    """

    user: str = columns.USER
    item: str = columns.ITEM


def clean_rows(raw: pd.DataFrame, keys: Keys) -> tuple[pd.DataFrame, Counts]:
    """Clean raw reviews row by row, and drop those without user, item, rating or time.

    Args:
        raw: (n, any) frame of str columns in the reference schema. The two key columns and
            `rating` are required; any other may be absent. Rows with an `event_seq` are events
            (`recsys.cleaning.event_rows`).
        keys: Columns that identify user and item.

    Returns:
        (m, 13) frame of `ROW_COLUMNS`, m <= n, in the order and under the index of `raw`, and
        how many rows each rule dropped or mended.
    """
    rows = pd.DataFrame({columns.USER: _key(raw, keys.user), columns.ITEM: _key(raw, keys.item)})
    rating = pd.to_numeric(_column(raw, columns.RATING), errors="coerce").astype("float64")
    rows[columns.RATING] = rating.where(rating.between(1, 5))
    given_time = parse_times(_column(raw, columns.REVIEW_TIME))
    times = given_time.fillna(parse_times(_column(raw, UNIX_TIME)))
    rows[columns.REVIEW_TIME] = times.astype("datetime64[us]")
    rows = with_events(rows, raw, keys.user, keys.item)

    faults = {
        "no_user": rows[columns.USER].isna(),
        "no_item": rows[columns.ITEM].isna(),
        "long_name": _is_long(rows[columns.USER]) | _is_long(rows[columns.ITEM]),
        "bad_kind": lacks_kind(rows),
        "bad_rating": lacks_rating(rows),
        "bad_time": rows[columns.REVIEW_TIME].isna(),
    }
    counts, kept = _count_first_fault(faults, rows.index)
    rows, raw = rows[kept], raw[kept]
    counts["time_from_unix"] = int(given_time[kept].isna().sum())
    texts, text_counts = _clean_texts(raw)
    rows = pd.concat([rows, texts], axis=1)
    return rows[list(ROW_COLUMNS)], counts + text_counts


def deduplicate(rows: pd.DataFrame) -> tuple[pd.DataFrame, int]:
    """Drop every row that equals an earlier one in all columns, and count them.

    Review texts are long, so they are compared only where everything else is equal.
    """
    short = [name for name in rows.columns if name != columns.REVIEW_TEXT]
    repeated = rows.duplicated(short, keep=False).to_numpy(copy=True)
    repeated[repeated] = rows[repeated].duplicated().to_numpy()
    return rows[~repeated], int(repeated.sum())


def count_kept(rows: pd.DataFrame, keys: Keys) -> Counts:
    """Count events, and anonymous customers and missing texts among the kept reviews."""
    of_event = is_event(rows)
    textless = (rows[columns.REVIEW_TEXT] == "") & ~of_event
    counts: Counts = Counter(event=int(of_event.sum()), no_text=int(textless.sum()))
    if keys.user == columns.USER:
        counts["anonymous"] = int(anonymous_mask(rows[columns.USER]).sum())
    return counts


def _clean_texts(raw: pd.DataFrame) -> tuple[pd.DataFrame, Counts]:
    """Clean the columns that may be missing."""
    review = normalize_text(_column(raw, columns.REVIEW_TEXT))
    no_review = review.isna()
    review = review.fillna(normalize_text(_column(raw, columns.SUMMARY).where(no_review)))
    described = _column(raw, columns.DESCRIPTION)
    price_text = _column(raw, columns.PRICE)
    shown, n_too_long = _display_texts(raw)
    texts = pd.DataFrame(
        {
            columns.PRICE: parse_price(price_text),
            **shown,
            columns.DESCRIPTION: normalize_text(described),
            columns.IMAGE: map_distinct(_column(raw, columns.IMAGE), image_url),
            columns.REVIEW_TEXT: review.fillna(""),
        }
    )
    with_html = has_html(described) | has_html(_column(raw, columns.REVIEW_TEXT))
    counts: Counts = Counter(
        html=int(with_html.sum()),
        text_from_summary=int((no_review & review.notna()).sum()),
        price_range=int(price_range_mask(price_text).sum()),
        long_fact=n_too_long,
        other_currency=int(other_currency_mask(price_text).sum()),
        price_junk=int((texts[columns.PRICE].isna() & (price_text.fillna("") != "")).sum()),
    )
    return texts, counts


def _display_texts(raw: pd.DataFrame) -> tuple[dict[str, pd.Series], int]:
    """Take title, brand and category, cut to `MAX_NAME_LENGTH`, and count the rows that needed it."""
    whole = {
        columns.TITLE: display_text(_column(raw, columns.ITEM)),
        columns.BRAND: display_text(_column(raw, columns.BRAND)),
        columns.CATEGORY: _category(raw),
    }
    too_long = pd.DataFrame({name: _is_long(text) for name, text in whole.items()}).any(axis=1)
    cut = {name: text.str.slice(0, MAX_NAME_LENGTH).str.strip() for name, text in whole.items()}
    return cut, int(too_long.sum())


def _category(raw: pd.DataFrame) -> pd.Series:
    """Take the most specific step of `categories`, or of `category` where there is none."""
    steps = [
        display_text(map_distinct(_column(raw, name), last_step))
        for name in (CATEGORIES, columns.CATEGORY)
    ]
    return steps[0].fillna(steps[1])


def _key(raw: pd.DataFrame, name: str) -> pd.Series:
    if name in (columns.USER, columns.ITEM):
        return normalize_text(raw[name])
    trimmed = raw[name].astype("str").str.strip()
    return trimmed.where(trimmed != "")


def _is_long(names: pd.Series) -> pd.Series:
    """Mark names that are too long, as (n,) bool, False where missing."""
    return names.str.len().fillna(0) > MAX_NAME_LENGTH


def _column(raw: pd.DataFrame, name: str) -> pd.Series:
    """Take a raw column as str, all missing where the data set doesn't have it."""
    if name in raw.columns:
        return raw[name].astype("str")
    return pd.Series(None, index=raw.index, dtype="str", name=name)


def _count_first_fault(faults: dict[str, pd.Series], index: pd.Index) -> tuple[Counts, pd.Series]:
    """Count each faulty row under its first fault, and mark the rows without any."""
    kept = pd.Series(True, index=index)
    counts: Counts = Counter()
    for name, faulty in faults.items():
        counts[name] = int((faulty & kept).sum())
        kept &= ~faulty
    return counts, kept
