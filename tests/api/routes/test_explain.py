"""GET /explain, `explain=true` and `without=`, asked over HTTP."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import create_app
from tests.support.artifacts import tiny_item_names, tiny_user_names
from tests.support.building import open_store_here
from tests.support.problem import assert_problem
from tests.support.rankers import write_tiny_ranker
from tests.support.services import config_in

ITEMS = tiny_item_names()
KELLY, *_ = USERS = tiny_user_names()


@pytest.fixture(scope="module")
def ranked(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """A client of a service whose ranker reads affinities."""
    folder = tmp_path_factory.mktemp("ranked")
    write_tiny_ranker(folder)
    config = config_in(folder, admin_token="")
    store = open_store_here(config)
    store.ensure(lambda _: None)
    return create_app(config, store).test_client()


def ask(client: FlaskClient, path: str = "/explain", **query: Any) -> dict[str, Any]:
    answer = client.get(path, query_string=query)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.get_json()
    return found


def total(explanation: dict[str, Any]) -> float:
    return sum(part["share"] for part in explanation["parts"])


@pytest.mark.parametrize("user", USERS)
def test_each_listed_item_is_explained_and_the_shares_add_up(
    ranked: FlaskClient, user: str
) -> None:
    [found] = ask(ranked, "/recommendations", users=user, explain="true").values()
    assert len(found["items"]) == 5
    for place, item in enumerate(found["items"], start=1):
        explanation = item["explanation"]
        difference = explanation["score_logit"] - explanation["reference_logit"]
        assert total(explanation) == pytest.approx(difference, abs=1e-6)
        alone = ask(ranked, user=user, item=item["item"])
        assert alone == {"user": user, "rank": place, **explanation}


def test_taking_the_named_item_out_changes_the_affinities_by_what_was_said(
    ranked: FlaskClient,
) -> None:
    changed = 0
    for user in USERS:
        for item in ITEMS[::4]:
            whole = ask(ranked, user=user, item=item)
            for part in (each for each in whole["parts"] if each["kind"] == "history"):
                left = ask(ranked, user=user, item=item, without=part["name"])
                for name, change in part["affinity_change"].items():
                    difference = left["affinities"][name] - whole["affinities"][name]
                    assert difference == pytest.approx(change, abs=5e-9)
                    changed += change != 0
    assert changed > 20


def test_a_list_without_an_item_is_that_of_a_user_who_never_had_it(ranked: FlaskClient) -> None:
    """Kelly reviewed the first three items; the list still leaves out all of them."""
    plain = ask(ranked, "/recommendations", users=KELLY, n=20)[KELLY]
    for item in ITEMS[:3]:
        without = ask(ranked, "/recommendations", users=KELLY, n=20, without=item)[KELLY]
        assert sorted(without) == sorted(plain)
        assert set(without).isdisjoint(ITEMS[:3])
        [top] = ask(ranked, "/recommendations", users=KELLY, n=1, without=item).values()
        assert ask(ranked, user=KELLY, item=top[0], without=item)["rank"] == 1
        seen = ask(ranked, "/recommendations", users=KELLY, n=20, without=item, exclude_seen=False)
        assert item in seen[KELLY]


def test_items_that_are_in_no_history_are_left_out_without_effect(ranked: FlaskClient) -> None:
    plain = ranked.get("/recommendations", query_string={"users": f"{KELLY},zoe"})
    for names in (ITEMS[9], "no such item", f"{ITEMS[8]},{ITEMS[9]}"):
        query = {"users": f"{KELLY},zoe", "without": names}
        assert ranked.get("/recommendations", query_string=query).data == plain.data


def test_a_visitor_without_an_item_is_one_who_never_chose_it(ranked: FlaskClient) -> None:
    both = {"history": f"{ITEMS[3]},{ITEMS[7]}", "n": 10}
    without = ask(ranked, "/recommendations", **both, without=ITEMS[3])["visitor"]
    other = ask(ranked, "/recommendations", history=ITEMS[7], exclude=ITEMS[3], n=10)["visitor"]
    assert without == other
    explained = ask(ranked, history=f"{ITEMS[3]},{ITEMS[7]}", item=without[0])
    assert (explained["user"], explained["rank"] is not None) == (None, True)
    assert {part["kind"] for part in explained["parts"]} <= {"history", "item", "visitor"}


def test_a_visitor_without_anything_left_gets_popular_items(ranked: FlaskClient) -> None:
    found = ask(ranked, "/recommendations", history=ITEMS[3], without=ITEMS[3], explain="true")
    first = found["visitor"]["items"][0]
    assert first["source"] == "cold_start"
    assert first["explanation"]["score_logit"] is None
    assert first["explanation"]["rule"]["n_five_star"] == 4


def test_an_unknown_user_is_told_the_rule(client: FlaskClient) -> None:
    found = ask(client, user="zoe", item=ITEMS[0])
    assert (found["rank"], found["parts"]) == (1, [])
    assert found["rule"] == {
        "n_five_star": 4,
        "window_days": 365,
        "place": 1,
        "moved_up": False,
    }
    assert "place 1 with 4 five-star ratings in the 365 days" in found["reason_text"]


def test_a_network_without_affinities_is_explained_by_what_it_reads(client: FlaskClient) -> None:
    found = ask(client, user=KELLY, item=ITEMS[9])
    names = {part["name"] for part in found["parts"]}
    assert names == {"review_texts", "reviewed_items", "description", "price"}
    assert found["affinities"] == {}
    assert total(found) == pytest.approx(found["score_logit"] - found["reference_logit"], abs=1e-6)


def test_a_reviewed_item_is_explained_though_it_has_no_rank(ranked: FlaskClient) -> None:
    found = ask(ranked, user=KELLY, item=ITEMS[0])
    assert found["rank"] is None
    assert ask(ranked, user=KELLY, item=ITEMS[0], exclude_seen="false")["rank"] >= 1


def test_a_rule_of_the_shop_is_named(tmp_path: Path) -> None:
    write_tiny_ranker(tmp_path)
    config = config_in(tmp_path)
    store = open_store_here(config)
    store.ensure(lambda _: None)
    client = create_app(config, store).test_client()
    pin = {"id": "lamp", "action": "pin", "item": ITEMS[9], "place": 2}
    assert client.put("/rules", json={"rules": [pin]}).status_code == 200
    found = ask(client, user=KELLY, item=ITEMS[9])
    assert (found["rank"], found["rule"]) == (2, {"id": "lamp", "action": "pin"})
    assert found["reason_text"].startswith("The shop's rule “lamp” pins it to place 2. ")
    [listed] = ask(client, "/recommendations", users="zoe", explain="true").values()
    assert listed["items"][1]["explanation"]["rule"]["id"] == "lamp"
    assert listed["items"][1]["explanation"]["rule"]["n_five_star"] == 1


def test_bad_questions_are_told_what_to_send(client: FlaskClient) -> None:
    def refused(status: int, part: str, **query: Any) -> None:
        assert_problem(client.get("/explain", query_string=query), status, part)

    refused(400, "send user=NAME, or history=ITEM,ITEM", item=ITEMS[0])
    refused(400, "'item' is missing", user=KELLY)
    refused(404, "There is no item 'no such item'", user=KELLY, item="no such item")
    refused(400, "'n' is unknown", user=KELLY, item=ITEMS[0], n=3)
    refused(400, "No item has the category", user=KELLY, item=ITEMS[0], category="cars")
    many = ",".join(map(str, range(51)))
    refused(400, "at most 50 are allowed", user=KELLY, item=ITEMS[0], without=many)


def test_explanations_count_toward_the_limit_of_a_request(client: FlaskClient) -> None:
    users = ",".join(f"user {number}" for number in range(48))
    query = {"users": users, "explain": "true", "n": 10}
    assert client.get("/recommendations", query_string=query).status_code == 200
    answer = client.get("/recommendations", query_string={**query, "users": f"{users},one,more"})
    assert_problem(answer, 400, "an explanation as 100")
