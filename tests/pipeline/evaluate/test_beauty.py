"""Leave-one-out on Beauty: what is known, what is asked, and an order of a day that tells nothing."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from benchmarks.ranking.beauty_data import (
    AS_GIVEN,
    SYMMETRIC,
    Beauty,
    beauty_in,
    cutoff_before,
    run_numbers,
)
from pipeline.train.ranker.feature_state import Catalog

pytestmark = pytest.mark.pipeline

ITEMS = {"ann": "acegbdfh", "bob": "hgfed"}
ROWS = pd.DataFrame(
    [(user, item, place) for user, items in ITEMS.items() for place, item in enumerate(items)],
    columns=["reviewerID", "asin", "position"],
)
NAMES = "abcdefgh"


def beauty(order: str, seed: int = 7) -> Beauty:
    nothing = np.zeros(len(NAMES), np.float32)
    catalog = Catalog(nothing, nothing, {})
    return beauty_in(order, ROWS, (catalog, np.eye(len(NAMES), dtype=np.float32)), seed)


def items_of(found: Beauty, user: int, last: int) -> str:
    """What a user chose before the last items, oldest first."""
    rows = cutoff_before(found, last, 7).history.rows
    return "".join(NAMES[item] for item in rows.items[rows.users == user])


def test_the_last_items_are_asked_for_and_all_before_them_is_known() -> None:
    found = beauty(AS_GIVEN)
    test = cutoff_before(found, 0, 7)
    assert [NAMES[item] for item in test.cases.items[np.argsort(test.cases.users)]] == ["h", "d"]
    assert items_of(found, 0, last=0) == "acegbdf"
    assert items_of(found, 1, last=1) == "hgf"


def test_a_run_ends_where_ids_no_longer_ascend() -> None:
    assert run_numbers(ROWS).tolist() == [0, 0, 0, 0, 1, 1, 1, 1, 0, 1, 2, 3, 4]


def test_a_drawn_order_mixes_runs_within_and_asks_for_the_same_items() -> None:
    orders = {items_of(beauty(SYMMETRIC, seed), 0, last=0) for seed in range(20)}
    assert len(orders) > 10
    for order in orders:
        assert (sorted(order[:4]), sorted(order[4:])) == (list("aceg"), list("bdf"))
    for seed in range(5):
        assert items_of(beauty(SYMMETRIC, seed), 1, last=0) == "hgfe"
        cases = cutoff_before(beauty(SYMMETRIC, seed), 0, 7).cases
        assert sorted(NAMES[item] for item in cases.items) == ["d", "h"]


def test_either_of_two_items_of_a_run_is_the_earlier_one_half_of_the_time() -> None:
    orders = [items_of(beauty(SYMMETRIC, seed), 0, last=0) for seed in range(300)]
    first = np.mean([order.index("a") < order.index("g") for order in orders])
    assert first == pytest.approx(0.5, abs=0.1)
