from __future__ import annotations

import json

import pytest
from flask.testing import FlaskClient

from app import create_app
from classes.snapshot_store import SnapshotStore
from tests.support.artifacts import tiny_user_names
from tests.support.problem import assert_problem
from tests.support.services import config_in

USERS = tiny_user_names()


def draw(client: FlaskClient, query: str = "") -> list[str]:
    answer = client.get(f"/random_users{query}")
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "application/json"
    return json.loads(answer.data)


def test_random_users_gives_one_known_user_by_default(client: FlaskClient) -> None:
    drawn = draw(client)
    assert len(drawn) == 1
    assert drawn[0] in USERS


def test_random_users_gives_n_distinct_known_users(client: FlaskClient) -> None:
    for n in (1, 5, 12):
        drawn = draw(client, f"?n={n}")
        assert len(drawn) == len(set(drawn)) == n
        assert set(drawn) <= set(USERS)


def test_every_known_user_and_no_anonymous_one_is_drawn(client: FlaskClient) -> None:
    assert {draw(client)[0] for _ in range(300)} == set(USERS)


@pytest.mark.parametrize("n", ["13", "51", "1000000", "9" * 18])
def test_random_users_beyond_the_known_ones_gives_them_all(client: FlaskClient, n: str) -> None:
    assert sorted(draw(client, f"?n={n}")) == sorted(USERS)


def test_random_users_gives_no_more_than_the_cap(store: SnapshotStore, tmp_path) -> None:
    client = create_app(config_in(tmp_path, max_users_per_request=4), store).test_client()
    assert len(draw(client, "?n=9")) == 4


@pytest.mark.parametrize(
    "n", ["0", "-1", "five", "", "2.5", "1e3", "%D9%A3", "NaN", "9" * 5_000, "0x10"]
)
def test_an_n_that_is_no_positive_whole_number_is_a_400(client: FlaskClient, n: str) -> None:
    assert_problem(client.get(f"/random_users?n={n}"), 400, "'n'", "whole number of at least 1")


def test_an_n_given_twice_is_a_400(client: FlaskClient) -> None:
    assert_problem(client.get("/random_users?n=1&n=2"), 400, "'n'", "2 times")


def test_random_users_refuses_unknown_parameters(client: FlaskClient) -> None:
    assert_problem(client.get("/random_users?count=2"), 400, "'count'", "allowed: n")


def test_a_draw_is_not_to_be_cached(client: FlaskClient) -> None:
    assert client.get("/random_users").headers["Cache-Control"] == "no-store"


def test_check_users_says_of_each_user_whether_it_is_known(client: FlaskClient) -> None:
    answer = client.get("/check_users?users=zoe,kelly+sullivan,Amir+Haddad,late+arrival")
    assert answer.content_type == "application/json"
    assert list(json.loads(answer.data).items()) == [
        ("zoe", False),
        ("kelly sullivan", True),
        ("Amir Haddad", True),
        ("late arrival", False),  # has reviews but no embeddings
    ]


def test_check_users_knows_no_anonymous_customer(client: FlaskClient) -> None:
    answer = client.get("/check_users?users=Amazon+Customer,amazon+customer")
    assert json.loads(answer.data) == {"Amazon Customer": False, "amazon customer": False}


def test_check_users_trims_drops_empty_ones_and_answers_duplicates_once(
    client: FlaskClient,
) -> None:
    answer = client.get("/check_users?users=+zoe,,zoe&users=ada&users=")
    assert json.loads(answer.data) == {"zoe,,zoe": False, "ada": False}
    answer = client.get("/check_users?users=+zoe,,zoe,ada")
    assert json.loads(answer.data) == {"zoe": False, "ada": False}


def test_check_users_refuses_nobody_too_many_and_unknown_parameters(client: FlaskClient) -> None:
    assert_problem(client.get("/check_users"), 400, "'users' is missing")
    assert_problem(client.get("/check_users?users=,"), 400, "names no users")
    too_many = ",".join(f"u{i}" for i in range(51))
    assert_problem(client.get(f"/check_users?users={too_many}"), 400, "51", "50")
    assert_problem(client.get("/check_users?users=a&n=1"), 400, "'n'", "allowed: users")


@pytest.mark.parametrize("path", ["/random_users", "/check_users?users=zoe"])
def test_answers_about_users_name_their_generation(
    client: FlaskClient, store: SnapshotStore, path: str
) -> None:
    assert client.get(path).headers["X-Generation"] == store.current().generation
    assert client.head(path).headers["X-Generation"] == store.current().generation
