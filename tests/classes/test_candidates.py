"""The filters of a request, and what a caller is told about a category that doesn't exist."""

from __future__ import annotations

import time

import numpy as np
import pytest

from classes.candidates import choose
from classes.errors import OptionError
from classes.item_facts import ItemFacts
from classes.options import RecommendationOptions
from storage.name_table import NameIndex, NameTable


def facts_of(categories: list[str]) -> ItemFacts:
    """One item without a price or ratings in each category."""
    n_items = len(categories)
    arrays = NameIndex.of(sorted(categories)).arrays("category_name")
    arrays |= NameIndex.of([]).arrays("brand_name")
    arrays |= NameTable.of([""] * n_items).arrays("item_image")
    arrays |= {
        "item_brand": np.full(n_items, -1, dtype=np.int32),
        "item_raw_price": np.full(n_items, np.nan),
        "item_category": np.arange(n_items, dtype=np.int32),
        "item_n_ratings": np.zeros(n_items, dtype=np.int64),
        "item_mean_rating": np.full(n_items, np.nan),
    }
    return ItemFacts(arrays)


def test_of_many_categories_with_long_names_three_alike_are_suggested_at_once() -> None:
    facts = facts_of([f"{number:05} shelf {'of the shop ' * 40}" for number in range(20_000)])
    started = time.perf_counter()
    with pytest.raises(OptionError, match=r"of 20,000 categories are '1[12]\d\d\d .*', '1"):
        choose(facts, RecommendationOptions(category="1234 shelf " + "of the shop " * 40))
    assert time.perf_counter() - started < 2


def test_of_few_categories_the_most_similar_are_suggested_wherever_they_stand() -> None:
    facts = facts_of(["adapters", "kettles", "pans", "zinc"])
    with pytest.raises(OptionError, match="categories are 'kettles'"):
        choose(facts, RecommendationOptions(category="Kettle"))
