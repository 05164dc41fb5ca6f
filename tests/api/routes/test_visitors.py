"""A history instead of a name, or beside one: what speaks for visitors, and what they get."""

from __future__ import annotations

import numpy as np
from flask.testing import FlaskClient

from classes.snapshot_store import SnapshotStore
from tests.support.problem import assert_problem
from tests.support.tiny_lists import ITEMS, KELLY, ask


def test_a_visitor_without_a_name_gets_what_goes_with_the_items_named(
    client: FlaskClient, store: SnapshotStore
) -> None:
    snapshot = store.current()
    rows = np.array([9, 2, 14])
    everything = snapshot.model.top_k_of_visitor(
        snapshot.data.visitor(rows), len(ITEMS), snapshot.data.no_items
    )
    ranked = [ITEMS[row] for row in everything.rows]
    history = [ITEMS[row] for row in rows]
    answer = client.get("/recommendations", query_string={"history": ",".join(history)})
    unseen = [item for item in ranked if item not in history]
    assert answer.get_json() == {"visitor": unseen[:5]}
    answer = client.post(
        "/recommendations", json={"history": history, "exclude_seen": False, "n": 20}
    )
    assert answer.get_json() == {"visitor": ranked}


def test_a_history_speaks_for_unknown_users_and_counts_as_seen_for_known_ones(
    client: FlaskClient, popular: list[str]
) -> None:
    chosen = ask(client)[KELLY][0]
    told = ask(client, history=f"{chosen},{ITEMS[2]}")
    visitor = client.get(f"/recommendations?history={chosen},{ITEMS[2]}").get_json()["visitor"]
    assert told["zoe"] == visitor != popular[:5]
    assert chosen not in told[KELLY]
    assert len(told[KELLY]) == 5


def test_filters_apply_to_visitors_too(client: FlaskClient) -> None:
    query = {"category": "lamps", "exclude": ITEMS[5], "history": ITEMS[1], "detail": "true"}
    found = client.get("/recommendations", query_string=query).get_json()["visitor"]
    # Of the four lamps, one is excluded and one is the history itself.
    assert {each["item"] for each in found["items"]} == {ITEMS[9]}
    assert found["n_candidates"] == 1
    assert {each["source"] for each in found["items"]} == {"personalised"}
    assert all(0 < each["score"] < 1 for each in found["items"])


def test_items_of_a_history_that_are_not_there_are_told_and_do_no_harm(client: FlaskClient) -> None:
    found = ask(client, history=f"nothing,{ITEMS[9]},nowhere", detail="true")
    assert found["zoe"].pop("unknown_items") == ["nothing", "nowhere"]
    assert found[KELLY].pop("unknown_items") == ["nothing", "nowhere"]
    assert found == ask(client, history=ITEMS[9], detail="true")


def test_a_history_of_which_nothing_is_known_gives_the_cold_start_list(
    client: FlaskClient, popular: list[str]
) -> None:
    found = ask(client, history="nothing", detail="true")["zoe"]
    assert [each["item"] for each in found["items"]] == popular[:5]
    assert {each["source"] for each in found["items"]} == {"cold_start"}
    assert found["unknown_items"] == ["nothing"]


def test_an_empty_history_is_a_400(client: FlaskClient) -> None:
    answer = client.get("/recommendations?users=zoe&history=,")
    assert_problem(answer, 400, "'history' names no items")
