"""The rules over HTTP: read, replaced, tried out and rolled back by operators."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import create_app
from config import Config
from tests.support.building import open_store_here
from tests.support.problem import assert_problem
from tests.support.services import copy_of

HIDE = {"id": "no kettle", "action": "hide", "item": "blue kettle"}
PIN = {"id": "lamp", "action": "pin", "item": "white lamp", "place": 2, "note": "paid for"}
BOOST = {"id": "guitars", "action": "boost", "category": "guitars", "by": 2}


@pytest.fixture
def config(published: Config, tmp_path: Path) -> Config:
    return copy_of(published, tmp_path)


@pytest.fixture
def client(config: Config) -> FlaskClient:
    return create_app(config, open_store_here(config)).test_client()


def listed(client: FlaskClient, query: str = "users=zoe&n=20") -> list[str]:
    [found] = client.get(f"/recommendations?{query}").get_json().values()
    return list(found)


def put(client: FlaskClient, *rules: dict[str, Any], **more: Any) -> Any:
    answer = client.put("/rules", json={"rules": list(rules), **more})
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def test_rules_are_read_as_they_were_put(client: FlaskClient) -> None:
    nothing = {"version": 0, "updated_at": None, "rules": [], "problems": [], "active": []}
    assert client.get("/rules").get_json() == nothing
    answer = put(client, HIDE, PIN)
    assert (answer["version"], answer["rules"]) == (1, [HIDE, PIN])
    assert (answer["problems"], answer["active"]) == ([], ["no kettle", "lamp"])
    assert client.get("/rules").get_json() == answer
    assert "blue kettle" not in listed(client)
    assert listed(client)[1] == "white lamp"


def test_odd_rules_are_reported_and_the_others_hold(client: FlaskClient) -> None:
    odd = [
        {"id": "a", "action": "hide", "items": ["blue kettle", "x", "y", "z", "v", "w"]},
        {"id": "b", "action": "hide", "category": "cars"},
        {"id": "c", "action": "hide", "brand": "nobody"},
        {"id": "d", "action": "hide", "price_min": 9e8},
        {"id": "e", "action": "pin", "item": "<script>", "place": 1},
    ]
    answer = put(client, *odd)
    assert {each["id"]: each["problem"] for each in answer["problems"]} == {
        "a": "The catalog has no item 'x', 'y', 'z' and 2 more.",
        "b": "No item has the category 'cars'.",
        "c": "No item has the brand 'nobody'.",
        "d": "No item is like that.",
        "e": "The catalog has no item '<script>'.",
    }
    assert "blue kettle" not in listed(client)


def test_details_name_the_rule_that_an_items_place_comes_from(client: FlaskClient) -> None:
    put(client, PIN, BOOST)
    for user in ("zoe", "kelly sullivan"):
        answer = client.get(f"/recommendations?users={user}&n=20&detail=true").get_json()
        rules = {each["item"]: each.get("rule") for each in answer[user]["items"]}
        assert rules["white lamp"] == "lamp"
        assert rules["green guitar"] == "guitars"
        assert rules["black lamp"] is None
        assert [each["rank"] for each in answer[user]["items"]] == list(range(1, len(rules) + 1))


def test_a_scenario_is_any_name(client: FlaskClient) -> None:
    put(client, {**HIDE, "scenario": "the basket"})
    assert "blue kettle" in listed(client)
    assert "blue kettle" in listed(client, "users=zoe&n=20&scenario=home")
    assert "blue kettle" not in listed(client, "users=zoe&n=20&scenario=the+basket")


def test_a_change_of_an_older_version_is_refused(client: FlaskClient) -> None:
    put(client, HIDE)
    put(client, HIDE, PIN, version=1)
    answer = client.put("/rules", json={"rules": [], "version": 1})
    assert_problem(answer, 409, "Version 2 of the rules is in force, not 1")


def test_rules_are_rolled_back(client: FlaskClient) -> None:
    put(client, HIDE)
    put(client)
    assert client.post("/rules/rollback").get_json()["rules"] == [HIDE]
    assert "blue kettle" not in listed(client)
    assert client.post("/rules/rollback").get_json()["version"] == 0
    assert_problem(client.post("/rules/rollback"), 409, "no rules before version 0")


def test_a_preview_counts_changed_lists_and_changes_nothing(client: FlaskClient) -> None:
    put(client, HIDE)
    answer = client.post("/rules/preview", json={"rules": [HIDE]}).get_json()
    assert answer == {"n_users_sampled": 12, "n_lists_changed": 0, "examples": [], "problems": []}
    odd = {"id": "odd", "action": "hide", "item": "no such item"}
    body = {"rules": [HIDE, {**PIN, "place": 1, "scenario": "home"}, odd], "scenario": "home"}
    answer = client.post("/rules/preview", json=body).get_json()
    # Two of the twelve have reviewed it or have it first already, or neither.
    assert answer["n_lists_changed"] >= 9
    assert len(answer["examples"]) == 5
    for example in answer["examples"]:
        assert example["before"] == listed(client, f"users={example['user']}")
        assert example["after"][0] == "white lamp"
    assert [each["id"] for each in answer["problems"]] == ["odd"]
    assert client.get("/rules").get_json()["version"] == 1


def test_damaged_files_are_reported_and_change_nothing(client: FlaskClient, config: Config) -> None:
    put(client, HIDE)
    (config.snapshot_path / "rules" / "current").write_text("{", encoding="utf-8")
    answer = client.get("/rules").get_json()
    assert answer["rules"] == [HIDE]
    [problem] = answer["problems"]
    assert problem["id"] is None
    assert "rules/current is damaged. Version 1 of the rules stays in force" in problem["problem"]
    assert put(client)["problems"] == []


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ({}, ("'rules'", "required")),
        ({"rules": {}}, ("'rules' isn't a list",)),
        ({"rules": [{**PIN, "place": 101}]}, ("Rule 1 ('lamp')", "'place' is 101", "1 to 100")),
        ({"rules": [], "version": -1}, ("'version' is -1",)),
        ({"rules": [], "force": True}, ("'force'", "rules, version")),
        ([], ("not a JSON object",)),
    ],
)
def test_what_is_no_document_of_rules_is_a_400(
    client: FlaskClient, body: Any, words: tuple[str, ...]
) -> None:
    assert_problem(client.put("/rules", json=body), 400, *words)
    assert client.get("/rules").get_json()["version"] == 0


def test_rules_are_for_operators_only(published: Config, tmp_path: Path) -> None:
    config = copy_of(published, tmp_path, admin_token="secret")
    client = create_app(config, open_store_here(config)).test_client()
    for method, path in (
        ("GET", "/rules"),
        ("PUT", "/rules"),
        ("POST", "/rules/preview"),
        ("POST", "/rules/rollback"),
    ):
        assert_problem(client.open(path, method=method, json={"rules": []}), 401, "ADMIN_TOKEN")
    allowed = {"Authorization": "Bearer secret"}
    assert client.get("/rules", headers=allowed).status_code == 200
    assert client.put("/rules", json={"rules": []}, headers=allowed).status_code == 200
