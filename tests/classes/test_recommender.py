"""Known users, unknown ones and visitors get their lists in one way, looked up where possible."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from classes.options import RecommendationOptions
from classes.recommender import Recommender
from classes.service_counters import ListSource
from classes.snapshot_store import SnapshotStore
from classes.top_lists import TOP_K, TopLists
from tests.support.artifacts import tiny_item_names, tiny_user_names

ITEMS = tiny_item_names()
KELLY, NEXT, *_ = USERS = tiny_user_names()
LISTED = [19, 18, 17]
"""The list of the first user in `lists`, which no model would give."""


@pytest.fixture
def counted() -> list[ListSource]:
    return []


@pytest.fixture
def on_demand(store: SnapshotStore, counted: list[ListSource]) -> Recommender:
    snapshot = store.current()
    return Recommender(snapshot.data, snapshot.model, None, counted.append)


@pytest.fixture
def with_lists(store: SnapshotStore, counted: list[ListSource]) -> Recommender:
    """A recommender for which all lists are computed; they differ from the model's."""
    rows = np.full((len(USERS), TOP_K), -1, dtype=np.int32)
    rows[:, : len(LISTED)] = LISTED
    snapshot = store.current()
    lists = TopLists(rows, np.ones(1, dtype=np.uint8))
    return Recommender(snapshot.data, snapshot.model, lists, counted.append)


def test_a_plain_request_is_looked_up_where_the_list_is_computed(
    with_lists: Recommender, counted: list[ListSource]
) -> None:
    assert with_lists.recommend([KELLY]) == {KELLY: [ITEMS[row] for row in LISTED]}
    two = with_lists.recommend([KELLY], RecommendationOptions(n=2))
    assert two == {KELLY: [ITEMS[row] for row in LISTED[:2]]}
    assert counted == ["top_list", "top_list"]


@pytest.mark.parametrize(
    "options",
    [
        RecommendationOptions(n=6),
        RecommendationOptions(exclude_seen=False),
        RecommendationOptions(exclude=("no such item",)),
        RecommendationOptions(price_min=0.0),
        RecommendationOptions(history=(ITEMS[0],)),
    ],
)
def test_no_other_request_is_looked_up(
    with_lists: Recommender,
    on_demand: Recommender,
    counted: list[ListSource],
    options: RecommendationOptions,
) -> None:
    assert not options.is_plain
    assert with_lists.recommend([KELLY], options) == on_demand.recommend([KELLY], options)
    assert counted == ["personalised", "personalised"]


def test_a_block_that_is_not_done_is_scored(store: SnapshotStore, on_demand: Recommender) -> None:
    snapshot = store.current()
    undone = TopLists(np.zeros((len(USERS), TOP_K), dtype=np.int32), np.zeros(1, dtype=np.uint8))
    recommender = Recommender(snapshot.data, snapshot.model, undone)
    assert recommender.recommend(USERS) == on_demand.recommend(USERS)


def test_lists_computed_ahead_are_those_made_on_demand(
    store: SnapshotStore, on_demand: Recommender, counted: list[ListSource], tmp_path: Path
) -> None:
    snapshot = store.current()
    TopLists.create(tmp_path, len(USERS))
    lists = TopLists.open(tmp_path, writable=True)
    ranked = on_demand.rank_unseen(lists.users_of(0), TOP_K)
    lists.write_block(0, [ranking.rows for ranking in ranked])
    ahead = Recommender(snapshot.data, snapshot.model, TopLists.open(tmp_path), counted.append)
    assert ahead.recommend(USERS) == on_demand.recommend(USERS)
    assert counted == ["top_list"] * len(USERS) + ["personalised"] * len(USERS)


def test_everybody_is_served_in_the_order_asked_and_counted_once(
    on_demand: Recommender, counted: list[ListSource]
) -> None:
    found = on_demand.recommend(["zoe", KELLY, None, NEXT])
    assert list(found) == ["zoe", KELLY, None, NEXT]
    assert found["zoe"] == found[None]
    assert sorted(counted) == ["cold_start", "cold_start", "personalised", "personalised"]


def test_a_name_in_another_spelling_gets_the_same_list(on_demand: Recommender) -> None:
    found = on_demand.recommend([KELLY, KELLY.upper()])
    assert list(found) == [KELLY, KELLY.upper()]
    assert found[KELLY] == found[KELLY.upper()]


def test_details_are_those_of_the_same_lists(
    on_demand: Recommender, counted: list[ListSource]
) -> None:
    options = RecommendationOptions(n=20, exclude=(ITEMS[7],), history=(ITEMS[4], "no such item"))
    lists = on_demand.recommend([KELLY, None], options)
    details = on_demand.recommend_in_detail([KELLY, None], options)
    assert lists == {user: [ITEMS[row] for row in each.rows] for user, each in details.items()}
    assert counted == ["personalised"] * 4
    kelly, visitor = details[KELLY], details[None]
    # 20 items without the excluded one, and without three reviewed ones or the chosen one.
    assert kelly.person.user is not None
    assert visitor.person.user is None
    assert (kelly.n_candidates, len(kelly.rows)) == (15, 15)
    assert (visitor.n_candidates, len(visitor.rows)) == (18, 18)
    assert visitor.unknown_items == ("no such item",)
    assert kelly.unknown_items == ("no such item",)
    assert kelly.reason == (
        "The catalog has 20 items, and 5 of those are excluded or already reviewed."
    )
