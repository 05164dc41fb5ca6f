"""The defects of real review files, each kind in a known share (`SHARES`).

Beside these, `people` leaves 4 % of the users without a name of their own ("Amazon
Customer" and "Kindle Customer" in several spellings) and gives 2 % the name of another.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Final

from pipeline.sample.portable_random import PortableRandom

Row = dict[str, str]

SHARES: Final = {
    # of items
    "price_missing": 0.16,  # no price on any row
    "price_range": 0.08,  # "$12.99 - $18.99"
    "price_zero": 0.02,  # "$0.00"
    "price_junk": 0.03,  # style sheet or markup of the page instead of a price
    "description_missing": 0.06,  # empty or "[]"
    "description_html": 0.2,  # tags and entities
    "description_list": 0.55,  # '["First part.", "Second part."]'
    "title_entities": 0.4,  # where & or quotes are in the title: "&amp;", "&#39;"
    # of rows
    "row_price_missing": 0.04,  # no price though the item has one
    "row_price_other": 0.06,  # up to 8 % off the item's price
    "row_description_cut": 0.03,  # only the description's first sentence
    "row_title_case": 0.02,  # title in capitals or lower case, or trailing blanks
    "row_name_case": 0.02,  # the same for the user's name
    "row_review_html": 0.06,  # "<br />", "&#34;" in the review text
    "row_text_missing": 0.015,  # no review text, only a summary
    "row_all_text_missing": 0.003,  # neither review text nor summary
    "row_no_user": 0.004,  # neither name nor id
    "row_no_item": 0.003,  # neither title nor id
    "row_no_rating": 0.004,  # no rating
    "row_no_time": 0.002,  # no date
    "row_duplicate": 0.012,  # an exact copy of the row before
}
"""Share of each kind, and how it looks."""

_JUNK = (
    ".price-box{background-color:#fff} #shelf .price-box{border-top:1px solid #ddd}.label{color:#555}",
    '<span class="price-slot" data-state="loading"></span>',
    "$(function(){ shelf.ready('price'); });",
    ".tag:before{content:'sale'} .tag{padding:0 4px;font-size:13px}",
)
_ENTITIES = (("&", "&amp;"), ('"', "&quot;"), ("'", "&#39;"))


def price_with_defects(random: PortableRandom, price: float) -> str:
    """Write an item's price, or what some pages have in its place."""
    drawn = random.uniform()
    for kind, text in (
        ("price_missing", ""),
        ("price_range", f"{dollars(price * 0.85)} - {dollars(price * 1.15)}"),
        ("price_zero", "$0.00"),
        ("price_junk", random.pick(_JUNK)),
    ):
        drawn -= SHARES[kind]
        if drawn < 0:
            return text
    return dollars(price)


def title_with_defects(random: PortableRandom, title: str) -> str:
    """Write an item's title, perhaps with entities."""
    return _with_entities(title) if random.chance(SHARES["title_entities"]) else title


def description_with_defects(random: PortableRandom, sentences: tuple[str, ...]) -> str:
    """Write an item's description: plain, with markup, as a list, or missing."""
    if random.chance(SHARES["description_missing"]):
        return random.pick(("", "[]"))
    parts = [sentences[0], " ".join(sentences[1:])] if sentences[1:] else [sentences[0]]
    if random.chance(SHARES["description_html"]):
        first = f"<p><b>{_with_entities(parts[0])}</b></p>"
        parts = [first, *(f"{part}<br />&nbsp;" for part in parts[1:])]
    return as_list(parts) if random.chance(SHARES["description_list"]) else " ".join(parts)


def rows_with_defects(random: PortableRandom, rows: list[Row]) -> list[Row]:
    """Give some rows each kind of defect, and copy some rows whole."""
    changed: list[Row] = []
    for clean in rows:
        row = dict(clean)
        for kind, apply in _ROW_DEFECTS.items():
            if random.chance(SHARES[kind]):
                apply(random, row)
        changed.append(row)
        if random.chance(SHARES["row_duplicate"]):
            changed.append(row)
    return changed


def dollars(price: float) -> str:
    """Write a price as shops do: "$1,129.96"."""
    return f"${price:,.2f}"


def as_list(parts: list[str] | tuple[str, ...]) -> str:
    """Write texts as a list-like string, as the public data sets do."""
    return "[" + ", ".join('"' + part.replace('"', "&quot;") + '"' for part in parts) + "]"


def _with_entities(text: str) -> str:
    for letter, entity in _ENTITIES:
        text = text.replace(letter, entity)
    return text


def _shift_price(random: PortableRandom, row: Row) -> None:
    if row["price"].startswith("$") and "-" not in row["price"] and "(" not in row["price"]:
        price = float(row["price"].lstrip("$").replace(",", ""))
        row["price"] = dollars(price * random.uniform(0.92, 1.08))


def _cut_description(_: PortableRandom, row: Row) -> None:
    if "<" not in row["description"] and not row["description"].startswith("["):
        row["description"] = row["description"].split(". ")[0].rstrip(".") + "."


def _mark_up_review(random: PortableRandom, row: Row) -> None:
    first, *others = row["reviewText"].split(". ")
    if others:
        row["reviewText"] = f"{first}.<br /><br />{'. '.join(others)}"
    else:
        relative = random.pick(("wife", "husband", "son"))
        row["reviewText"] = f"&#34;{first.rstrip('.')}&#34;, as my {relative} says."


def _change_case(column: str) -> Callable[[PortableRandom, Row], None]:
    def apply(random: PortableRandom, row: Row) -> None:
        text = row[column]
        row[column] = random.pick((text.upper(), text.lower(), f"{text}  "))

    return apply


def _empty(*names: str) -> Callable[[PortableRandom, Row], None]:
    def apply(_: PortableRandom, row: Row) -> None:
        row.update(dict.fromkeys(names, ""))

    return apply


_ROW_DEFECTS: dict[str, Callable[[PortableRandom, Row], None]] = {
    "row_price_missing": _empty("price"),
    "row_price_other": _shift_price,
    "row_description_cut": _cut_description,
    "row_title_case": _change_case("itemName"),
    "row_name_case": _change_case("userName"),
    "row_review_html": _mark_up_review,
    "row_text_missing": _empty("reviewText"),
    "row_all_text_missing": _empty("reviewText", "summary"),
    "row_no_user": _empty("userName", "reviewerID"),
    "row_no_item": _empty("itemName", "asin"),
    "row_no_rating": _empty("rating"),
    "row_no_time": _empty("reviewTime", "unixReviewTime"),
}
