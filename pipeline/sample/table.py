"""From purchases to the rows of `amazon_reviews.csv`."""

from __future__ import annotations

import csv
import io
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta

from pipeline.sample.behavior import Purchase, simulate
from pipeline.sample.catalog import Item, make_items
from pipeline.sample.defects import (
    SHARES,
    Row,
    as_list,
    description_with_defects,
    price_with_defects,
    rows_with_defects,
    title_with_defects,
)
from pipeline.sample.people import make_people
from pipeline.sample.portable_random import PortableRandom
from pipeline.sample.reviews import write_review
from pipeline.sample.vocabulary import Phrases, read_phrases, read_themes
from pipeline.train.progress import Tell, silently, told
from recsys import columns

FIRST_DAY = date(2014, 10, 1)
LAST_DAY = date(2018, 9, 30)
SAMPLE_COLUMNS = (*columns.RAW_COLUMNS, "reviewerID", "asin", "unixReviewTime")


@dataclass(frozen=True)
class SampleSize:
    """How much to generate; the number of rows comes within about 1 % of `n_rows`."""

    n_users: int = 3_000
    n_items: int = 1_500
    n_rows: int = 20_000


def sample_rows(seed: int, size: SampleSize, tell: Tell = silently) -> list[Row]:
    """Generate the rows, grouped by item as in the public files and ordered by time within.

    Args:
        seed: Another one makes another shop.
        size: How much to generate.
        tell: Told how far it is.

    Raises:
        ValueError: More users than rows, or more items than the vocabulary can name.
    """
    random, n_days = PortableRandom(seed), (LAST_DAY - FIRST_DAY).days + 1
    themes, phrases = read_themes(), read_phrases()
    items = make_items(random, themes, size.n_items, n_days)
    people = make_people(random, themes, size.n_users)
    n_purchases = round(size.n_rows / (1.0 + SHARES["row_duplicate"]))
    purchases = simulate(random, people, items, n_purchases, n_days, tell)
    purchases.sort(key=lambda purchase: (purchase.item.asin, purchase.day))
    shown = {item.asin: _shown(random, item) for item in items}
    reviewed = told(purchases, tell, "writing reviews")
    rows = [_row(random, phrases, purchase, shown[purchase.item.asin]) for purchase in reviewed]
    return rows_with_defects(random, rows)


def as_csv(rows: list[Row]) -> bytes:
    """Write the rows as CSV in UTF-8 with a header line."""
    text = io.StringIO()
    writer = csv.DictWriter(text, SAMPLE_COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue().encode()


def _shown(random: PortableRandom, item: Item) -> Row:
    """Write the columns that every review of an item repeats."""
    return {
        columns.ITEM: title_with_defects(random, item.title),
        columns.DESCRIPTION: description_with_defects(random, item.description),
        "image": as_list([f"https://images.example.com/{item.asin}.jpg"])
        if random.chance(0.9)
        else "[]",
        columns.BRAND: item.brand.name if random.chance(0.95) else "",
        "feature": as_list(item.features) if random.chance(0.8) else "[]",
        columns.CATEGORY: as_list([item.theme.category, item.theme.name]),
        columns.PRICE: price_with_defects(random, item.price),
        "asin": item.asin,
    }


def _row(random: PortableRandom, phrases: Phrases, purchase: Purchase, shown: Row) -> Row:
    summary, text = write_review(random, phrases, purchase)
    day = datetime.combine(FIRST_DAY, datetime.min.time(), UTC) + timedelta(days=purchase.day)
    # Long reviews are read, and voted helpful, more often.
    voted = random.chance(min(0.6, len(text) / 800))
    return {
        **shown,
        columns.USER: purchase.person.displayed_name(random),
        "verified": str(random.chance(0.9)),
        columns.RATING: f"{purchase.rating}.0",
        columns.REVIEW_TIME: f"{day:%Y-%m-%d}",
        columns.SUMMARY: summary,
        columns.REVIEW_TEXT: text,
        "vote": str(2 + int(3.0 * random.uniform() / (1.02 - random.uniform()))) if voted else "",
        "reviewerID": purchase.person.reviewer_id,
        "unixReviewTime": str(int(day.timestamp())),
    }
