"""Slices part the cases; what is in which is counted by hand."""

from __future__ import annotations

from collections import Counter
from dataclasses import replace

import numpy as np
import pytest

from pipeline.evaluate.cutoff import FRESH, cutoff
from pipeline.evaluate.results.slices import MOST_CATEGORIES, slices
from pipeline.evaluate.timeline import Timeline
from recsys.split import TEST, TRAIN
from tests.support.timelines import timeline

pytestmark = pytest.mark.pipeline

N_ITEMS = 12
HISTORIES = [(0, 0), (1, 0), (1, 1)]
CHOSEN = [(user, item) for user in (0, 1) for item in range(2, N_ITEMS)]
TABLE = [(*pair, 5.0, TRAIN) for pair in HISTORIES] + [(*pair, 5.0, TEST) for pair in CHOSEN]


def sizes(known: Timeline) -> dict[str, dict[str, int]]:
    """Cases of each slice that has some, by kind."""
    found: dict[str, dict[str, int]] = {}
    for kind, name, mask in slices(cutoff(known, FRESH), known):
        if mask.any():
            found.setdefault(kind, {})[name] = int(mask.sum())
    return found


def shop(categories: list[str]) -> Timeline:
    return replace(timeline(TABLE, 2, N_ITEMS), categories=np.array(categories, dtype=object))


def test_every_kind_of_slice_parts_the_cases() -> None:
    found = sizes(shop(["even", "odd"] * 6))
    assert found["items_of_user"] == {"1": 10, "2 to 4": 10}
    assert found["item"] == {"without history": 20}
    assert found["category"] == {"even": 10, "odd": 10}
    assert {sum(parts.values()) for parts in found.values()} == {20}


def test_the_categories_of_most_cases_have_slices_and_the_rest_share_one() -> None:
    names = ["", "", "most", "most", *(f"c{n}" for n in range(8))]
    found = sizes(shop(names))["category"]
    assert list(found)[: MOST_CATEGORIES + 1] == ["most", *(f"c{n}" for n in range(7)), "1 others"]
    assert Counter(found.values()) == {4: 1, 2: 8}


def test_items_without_a_category_have_a_slice_unless_none_has_one() -> None:
    assert sizes(shop([""] * 10 + ["lamps", "lamps"]))["category"] == {
        "lamps": 4,
        "no category": 16,
    }
    assert "category" not in sizes(shop([""] * N_ITEMS))
