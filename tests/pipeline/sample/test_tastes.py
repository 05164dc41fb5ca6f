"""Users of the sample shop have tastes that can be learned."""

from __future__ import annotations

import re
from collections import Counter

import numpy as np


def test_users_buy_within_few_themes(rows: list[dict[str, str]]) -> None:
    themes_of: dict[str, Counter[str]] = {}
    for row in rows:
        if row["reviewerID"]:
            themes_of.setdefault(row["reviewerID"], Counter())[row["category"]] += 1
    busy = [themes for themes in themes_of.values() if themes.total() >= 10]
    top_three = [sum(n for _, n in themes.most_common(3)) / themes.total() for themes in busy]
    # By chance, three of 36 themes would hold some 35 % of ten purchases.
    assert sum(top_three) / len(top_three) > 0.7


def test_words_of_the_history_find_the_next_purchase_better_than_popularity(
    rows: list[dict[str, str]],
) -> None:
    dated = sorted(
        (row["reviewTime"], row["reviewerID"], row["asin"], row["category"] + row["description"])
        for row in rows
        if row["reviewTime"] and row["reviewerID"] and row["asin"]
    )
    items = sorted({asin for _, _, asin, _ in dated})
    row_of = {asin: row for row, asin in enumerate(items)}
    vectors = _word_vectors({asin: text for _, _, asin, text in dated}, items)
    cut = int(0.9 * len(dated))
    popularity = np.bincount([row_of[asin] for _, _, asin, _ in dated[:cut]], minlength=len(items))
    history: dict[str, set[int]] = {}
    future: dict[str, set[int]] = {}
    for number, (_, user, asin, _) in enumerate(dated):
        (history if number < cut else future).setdefault(user, set()).add(row_of[asin])
    hits = {"words": 0, "popularity": 0}
    for user in future.keys() & history.keys():
        seen = sorted(history[user])
        for name, scores in (
            ("words", vectors @ vectors[seen].mean(axis=0)),
            ("popularity", popularity.astype(np.float64)),
        ):
            scores[seen] = -1.0
            hits[name] += bool(set(np.argsort(-scores)[:5].tolist()) & future[user])
    assert hits["words"] > 1.5 * hits["popularity"] > 0


def _word_vectors(texts: dict[str, str], items: list[str]) -> np.ndarray:
    """Unit vectors (n_items, n_words) of the words of a text, rare ones weighing more."""
    bags = [set(re.findall(r"[a-z]+", texts[asin].lower())) for asin in items]
    documents = Counter(word for bag in bags for word in bag)
    column = {word: number for number, word in enumerate(sorted(documents))}
    vectors = np.zeros((len(items), len(column)))
    for row, bag in enumerate(bags):
        for word in bag:
            vectors[row, column[word]] = np.log(len(items) / documents[word])
    return np.asarray(vectors / np.linalg.norm(vectors, axis=1, keepdims=True))


def test_purchases_out_of_taste_are_rated_lower(rows: list[dict[str, str]]) -> None:
    seen: dict[str, Counter[str]] = {}
    for row in rows:
        seen.setdefault(row["reviewerID"], Counter())[row["category"]] += 1
    stars: dict[bool, list[float]] = {True: [], False: []}
    for row in rows:
        themes = seen[row["reviewerID"]]
        if row["rating"] and row["reviewerID"] and themes.total() >= 10:
            stars[themes[row["category"]] > 1].append(float(row["rating"]))
    usual, odd = (sum(stars[key]) / len(stars[key]) for key in (True, False))
    assert usual > odd + 0.7
