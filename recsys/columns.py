"""Column names of every table that crosses a module or a file, defined once.

Raw names keep the spelling of the public Amazon review data sets.
"""

from typing import Final

USER: Final = "userName"
ITEM: Final = "itemName"
DESCRIPTION: Final = "description"
PRICE: Final = "price"
REVIEW_TIME: Final = "reviewTime"
RATING: Final = "rating"
REVIEW_TEXT: Final = "reviewText"
SUMMARY: Final = "summary"
BRAND: Final = "brand"
CATEGORY: Final = "category"
IMAGE: Final = "image"

KIND: Final = "kind"
"""What an interaction is, a name of `recsys.kinds.KINDS`; missing for a review."""

EVENT_SEQ: Final = "event_seq"
"""The number of an event in the service's store, a column of exported events: it makes a raw row
an event, whose kind counts, and one event of the same number in several files."""

FIVE_STAR_RATE: Final = "five_star_rate"
"""Shrunk share of five-star ratings of an item, an optional column of `item_price_df.pq`."""

TITLE: Final = "title"
"""Readable item name, carried along for display; never a key."""

RAW_COLUMNS: Final = (
    USER,
    "verified",
    ITEM,
    DESCRIPTION,
    IMAGE,
    BRAND,
    "feature",
    CATEGORY,
    PRICE,
    RATING,
    REVIEW_TIME,
    SUMMARY,
    REVIEW_TEXT,
    "vote",
)
"""The reference schema: the columns of `amazon_reviews.csv`, which the cleaning rules read."""

MODEL_INPUTS: Final = (
    "user_review",
    "user_item",
    "item_desc",
    "item_price",
    "affinity",
    "user_profile",
)
"""The inputs of a model in their order; a rating network has the first four, a ranker all."""

CLEAN_COLUMNS: Final = (USER, ITEM, DESCRIPTION, PRICE, REVIEW_TIME, RATING, REVIEW_TEXT)
"""The columns that every `clean_df.pq` has."""

OPTIONAL_CLEAN_COLUMNS: Final = (TITLE, BRAND, CATEGORY, IMAGE)
"""Columns that a `clean_df.pq` of our pipeline adds and that no reader may require; beside them
stands `KIND` where not all interactions are reviews."""
