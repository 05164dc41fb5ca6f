"""DELETE /users/{user}: who is forgotten is unknown from the next request on."""

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

EVENT = {"item": "blue kettle", "kind": "purchase", "time": "2024-05-01T09:30:00Z"}


@pytest.fixture
def client(published: Config, tmp_path: Path) -> FlaskClient:
    config = copy_of(published, tmp_path)
    return create_app(config, open_store_here(config)).test_client()


def send(client: FlaskClient, *users: str) -> None:
    answer = client.post("/events", json={"events": [{**EVENT, "user": user} for user in users]})
    assert answer.status_code == 202, answer.text


def is_known(client: FlaskClient, user: str) -> bool:
    [known] = client.get("/check_users", query_string={"users": user}).get_json().values()
    assert known == (client.get(f"/users/{user}").status_code == 200)
    return bool(known)


def forget(client: FlaskClient, user: str) -> Any:
    answer = client.delete(f"/users/{user}")
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def test_a_user_of_the_data_is_forgotten_with_reviews_and_events(client: FlaskClient) -> None:
    cold = client.get("/recommendations?users=nobody").get_json()["nobody"]
    send(client, "kelly sullivan", "kelly sullivan")
    assert forget(client, "Kelly Sullivan") == {
        "user": "kelly sullivan",
        "n_events": 2,
        "n_reviews": 3,
    }
    assert not is_known(client, "kelly sullivan")
    lists = client.get("/recommendations?users=kelly+sullivan").get_json()
    assert lists == {"kelly sullivan": cold}
    names = client.get("/random_users?n=50").get_json()
    assert "kelly sullivan" not in names
    assert len(names) >= 11


def test_a_user_of_events_alone_is_forgotten(client: FlaskClient) -> None:
    send(client, "zoe", "amir haddad")
    assert is_known(client, "zoe")
    assert forget(client, "zoe") == {"user": "zoe", "n_events": 1, "n_reviews": 0}
    assert not is_known(client, "zoe")
    assert is_known(client, "amir haddad")


def test_who_was_forgotten_or_never_known_is_a_404_and_nothing_changes(
    client: FlaskClient,
) -> None:
    assert_problem(client.delete("/users/nobody"), 404, "'nobody'")
    forget(client, "kelly sullivan")
    assert_problem(client.delete("/users/kelly sullivan"), 404, "nothing has changed")
    assert not is_known(client, "kelly sullivan")


def test_somebody_of_that_name_who_comes_later_is_a_new_user(client: FlaskClient) -> None:
    forget(client, "kelly sullivan")
    send(client, "Kelly Sullivan")
    answer = client.get("/users/kelly sullivan").get_json()
    assert [each["kind"] for each in answer["reviews"]] == ["purchase"]
    assert forget(client, "kelly sullivan")["n_reviews"] == 0


def test_names_with_slashes_and_spaces_are_forgotten_as_written(client: FlaskClient) -> None:
    send(client, "kelly sullivan")
    assert_problem(client.delete("/users/" + "x" * 600), 400, "at most 512")
    assert_problem(client.delete("/users/either%2For"), 404, "either/or")
    assert_problem(client.delete("/users/zoe?n=1"), 400, "'n' is unknown")


def test_only_operators_may_forget_users(published: Config, tmp_path: Path) -> None:
    config = copy_of(published, tmp_path, admin_token="secret", events_token="shop")
    client = create_app(config, open_store_here(config)).test_client()
    assert_problem(client.delete("/users/kelly sullivan"), 401, "ADMIN_TOKEN")
    shop = {"Authorization": "Bearer shop"}
    assert_problem(client.delete("/users/kelly sullivan", headers=shop), 401, "ADMIN_TOKEN")
    operator = {"Authorization": "Bearer secret"}
    assert client.delete("/users/kelly sullivan", headers=operator).status_code == 200
