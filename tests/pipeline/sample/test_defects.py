"""The sample shop is as messy as published reviews: every kind of defect is there."""

from __future__ import annotations

ANONYMOUS = {"amazon customer", "kindle customer"}


def test_every_kind_of_defect_is_there(rows: list[dict[str, str]]) -> None:
    items = {row["asin"]: row for row in rows}
    prices = [row["price"] for row in rows]
    descriptions = [row["description"] for row in rows]
    reviews = [row["reviewText"] for row in rows]
    names = [row["userName"] for row in rows]
    found = {
        "price_missing": (prices.count("") / len(rows), 0.12, 0.30),
        "price_range": (sum(" - $" in p for p in prices) / len(rows), 0.03, 0.15),
        "price_zero": (prices.count("$0.00") / len(rows), 0.003, 0.06),
        "price_junk": (sum("{" in p or "<" in p for p in prices) / len(rows), 0.005, 0.08),
        "description_missing": (sum(d in {"", "[]"} for d in descriptions) / len(rows), 0.02, 0.12),
        "description_html": (sum("<p>" in d for d in descriptions) / len(rows), 0.1, 0.3),
        "description_list": (sum(d.startswith('["') for d in descriptions) / len(rows), 0.4, 0.6),
        "title_entities": (
            sum("&#39;" in r["itemName"] or "&amp;" in r["itemName"] for r in rows) / len(rows),
            0.002,
            0.1,
        ),
        "review_html": (sum("<br" in t or "&#34;" in t for t in reviews) / len(rows), 0.04, 0.08),
        "text_missing": (
            sum(not r["reviewText"] and bool(r["summary"]) for r in rows) / len(rows),
            0.01,
            0.02,
        ),
        "all_text_missing": (
            sum(not r["reviewText"] and not r["summary"] for r in rows) / len(rows),
            0.001,
            0.006,
        ),
        "no_user": (
            sum(not r["userName"] and not r["reviewerID"] for r in rows) / len(rows),
            0.002,
            0.008,
        ),
        "no_item": (
            sum(not r["itemName"] and not r["asin"] for r in rows) / len(rows),
            0.001,
            0.006,
        ),
        "no_rating": (sum(not r["rating"] for r in rows) / len(rows), 0.002, 0.008),
        "no_time": (sum(not r["reviewTime"] for r in rows) / len(rows), 0.001, 0.005),
        "duplicates": (1 - len({tuple(r.values()) for r in rows}) / len(rows), 0.008, 0.016),
        "name_case": (
            sum(n != n.rstrip() or (n.islower() and " " in n) for n in names) / len(rows),
            0.01,
            0.04,
        ),
        "title_case": (
            sum(r["itemName"] != r["itemName"].rstrip() or r["itemName"].isupper() for r in rows)
            / len(rows),
            0.008,
            0.03,
        ),
    }
    wrong = {kind: share for kind, (share, low, high) in found.items() if not low <= share <= high}
    assert wrong == {}
    assert len(items) > 1_000


def test_an_item_can_have_several_prices_descriptions_and_spellings(
    rows: list[dict[str, str]],
) -> None:
    for column, at_least in (("price", 200), ("description", 50), ("itemName", 200)):
        forms: dict[str, set[str]] = {}
        for row in rows:
            if row["asin"] and row[column]:
                forms.setdefault(row["asin"], set()).add(row[column])
        assert sum(len(texts) > 1 for texts in forms.values()) >= at_least


def test_anonymous_customers_come_in_several_spellings(rows: list[dict[str, str]]) -> None:
    anonymous = [row for row in rows if row["userName"].strip(" .").lower() in ANONYMOUS]
    assert 0.02 <= len(anonymous) / len(rows) <= 0.08
    assert len({row["userName"] for row in anonymous}) >= 6
    assert len({row["reviewerID"] for row in anonymous}) >= 60


def test_people_share_names_and_only_the_id_tells_them_apart(rows: list[dict[str, str]]) -> None:
    ids: dict[str, set[str]] = {}
    for row in rows:
        if row["reviewerID"]:
            ids.setdefault(row["userName"].strip(" .").lower(), set()).add(row["reviewerID"])
    shared = [name for name, several in ids.items() if len(several) > 1 and name not in ANONYMOUS]
    assert 20 <= len(shared) <= 120
