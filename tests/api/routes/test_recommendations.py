from __future__ import annotations

import json
import time
from urllib.parse import quote

import pytest
from flask import Flask
from flask.testing import FlaskClient
from hypothesis import given, settings

from classes.snapshot_store import SnapshotStore
from tests.support.artifacts import tiny_item_names, tiny_user_names
from tests.support.hostile_text import hostile_texts
from tests.support.problem import assert_problem

ITEMS = tiny_item_names()
USERS = tiny_user_names()


def ask(client: FlaskClient, query: str) -> dict[str, list[str]]:
    answer = client.get(f"/recommendations?{query}")
    assert answer.status_code == 200, answer.text
    assert answer.content_type == "application/json"
    return json.loads(answer.data)


def test_each_user_gets_five_distinct_items_of_the_catalog(client: FlaskClient) -> None:
    answer = ask(client, "users=kelly+sullivan,amir+haddad")
    assert list(answer) == ["kelly sullivan", "amir haddad"]
    for items in answer.values():
        assert len(set(items)) == 5
        assert set(items) <= set(ITEMS)


def test_the_list_is_the_one_that_the_snapshot_gives(
    client: FlaskClient, store: SnapshotStore
) -> None:
    assert ask(client, "users=" + ",".join(USERS)) == store.current().recommender.recommend(USERS)


def test_users_are_answered_in_the_order_asked(client: FlaskClient) -> None:
    assert list(ask(client, "users=zoe,amir+haddad,ada,kelly+sullivan")) == [
        "zoe",
        "amir haddad",
        "ada",
        "kelly sullivan",
    ]


def test_users_are_trimmed_empty_ones_dropped_and_duplicates_answered_once(
    client: FlaskClient,
) -> None:
    assert list(ask(client, "users=+kelly+sullivan+,,+,zoe,kelly+sullivan,")) == [
        "kelly sullivan",
        "zoe",
    ]


def test_users_may_repeat_so_that_a_name_with_a_comma_can_be_asked_for(client: FlaskClient) -> None:
    assert list(ask(client, "users=Sullivan,+Kelly&users=zoe")) == ["Sullivan, Kelly", "zoe"]
    assert list(ask(client, "users=Sullivan,+Kelly&users=")) == ["Sullivan, Kelly"]


def test_a_comma_is_a_separator_however_the_client_encodes_it(client: FlaskClient) -> None:
    assert list(ask(client, "users=zoe%2Cada")) == ["zoe", "ada"]


def test_a_name_not_found_as_written_is_found_by_the_cleaning_rule_and_kept_as_key(
    client: FlaskClient,
) -> None:
    answer = ask(client, "users=Kelly+Sullivan!,kelly+sullivan")
    assert list(answer) == ["Kelly Sullivan!", "kelly sullivan"]
    assert answer["Kelly Sullivan!"] == answer["kelly sullivan"]


def test_unknown_users_all_get_the_cold_start_list(client: FlaskClient) -> None:
    answer = ask(client, "users=zoe,ada,kelly+sullivan")
    assert answer["zoe"] == answer["ada"] != answer["kelly sullivan"]
    # Three five-star reviews in the window, no other item has more than one.
    assert answer["zoe"][0] == "blue kettle"


def test_an_anonymous_customer_gets_the_cold_start_list(client: FlaskClient) -> None:
    answer = ask(client, "users=Amazon+Customer,zoe")
    assert answer["Amazon Customer"] == answer["zoe"]


def test_items_already_reviewed_are_left_out_unless_asked_for(client: FlaskClient) -> None:
    for position, user in enumerate(USERS):
        seen = {ITEMS[(position + step) % 20] for step in range(3)}
        assert not seen & set(ask(client, f"users={user}")[user])
        assert not seen & set(ask(client, f"users={user}&exclude_seen=true")[user])
    everything = [ask(client, f"users={user}&exclude_seen=false")[user] for user in USERS]
    assert any(
        {ITEMS[(position + step) % 20] for step in range(3)} & set(items)
        for position, items in enumerate(everything)
    )


def test_names_in_any_script_come_back_as_readable_utf8(client: FlaskClient) -> None:
    answer = client.get("/recommendations", query_string={"users": "Zoë,李雷"})
    assert list(json.loads(answer.data)) == ["Zoë", "李雷"]
    assert "李雷".encode() in answer.data


def test_a_name_that_is_no_utf8_is_an_unknown_user(client: FlaskClient) -> None:
    assert list(ask(client, "users=%ff%fe")) == ["\ufffd\ufffd"]


def test_the_answer_names_its_generation(client: FlaskClient, store: SnapshotStore) -> None:
    answer = client.get("/recommendations?users=zoe")
    assert answer.headers["X-Generation"] == store.current().generation


@pytest.mark.parametrize("query", ["", "users=", "users=%20,%20", "users=&users=", "users"])
def test_nobody_asked_for_is_a_400(client: FlaskClient, query: str) -> None:
    assert_problem(client.get(f"/recommendations?{query}"), 400, "users")


def test_more_users_than_the_cap_is_a_400_with_both_numbers(client: FlaskClient) -> None:
    names = [f"u{i}" for i in range(51)]
    assert_problem(client.get("/recommendations?users=" + ",".join(names)), 400, "51", "50")
    assert len(ask(client, "users=" + ",".join(names[:50]))) == 50


def test_duplicates_do_not_count_against_the_cap(client: FlaskClient) -> None:
    assert list(ask(client, "users=" + ",".join(["zoe"] * 200))) == ["zoe"]


@pytest.mark.parametrize(
    "target",
    [
        *("/recommendations?users=", "/recommendations?users=a,", "/recommendations?history="),
        *("/recommendations?users=a&exclude=", "/recommendations?users=a&category="),
        *("/check_users?users=", "/users/", "/items/", "/similar_items?item="),
    ],
)
def test_a_name_of_more_than_512_characters_is_a_400_that_says_so_at_once(
    client: FlaskClient, target: str
) -> None:
    started = time.perf_counter()
    answer = client.get(target + quote("\u0323\u0301" * 4_500))
    assert time.perf_counter() - started < 1
    assert_problem(answer, 400, "9,000 characters", "at most 512")
    assert "9,000" not in client.get(target + quote("\u0323" * 512)).text


@pytest.mark.parametrize("name", ["users", "history", "exclude", "category", "brand", "items"])
def test_a_body_with_a_name_of_more_than_512_characters_is_a_400(
    client: FlaskClient, name: str
) -> None:
    long = "\u0323\u0301" * 50_000
    body = {"users": ["zoe"], name: long if name == "category" else ["a", long]}
    answer = client.post("/recommendations", json=body)
    assert_problem(answer, 400, f"'{name}'", "100,000 characters", "at most 512")


@settings(max_examples=100, deadline=None)
@given(name=hostile_texts)
def test_any_name_is_answered(app: Flask, name: str) -> None:
    client = app.test_client()
    body = {"users": [name, "zoe"], "history": [name, "blue kettle"], "detail": True}
    answers = [client.post("/recommendations", json=body)]
    name = name.encode(errors="replace").decode()
    targets = ("/recommendations?users=", "/check_users?users=", "/users/", "/items/")
    answers += [client.get(target + quote(name)) for target in targets]
    assert {answer.status_code for answer in answers} <= {200, 400, 404, 414}


@pytest.mark.parametrize("value", ["1", "yes", "", "none", "truefalse"])
def test_exclude_seen_is_true_or_false(client: FlaskClient, value: str) -> None:
    answer = client.get(f"/recommendations?users=zoe&exclude_seen={value}")
    assert_problem(answer, 400, "exclude_seen", repr(value), "true or false")


def test_exclude_seen_given_twice_is_a_400(client: FlaskClient) -> None:
    answer = client.get("/recommendations?users=zoe&exclude_seen=true&exclude_seen=false")
    assert_problem(answer, 400, "2 times")


def test_an_unknown_parameter_is_a_400_that_says_what_is_allowed(client: FlaskClient) -> None:
    answer = client.get("/recommendations?users=zoe&user=ada")
    assert_problem(answer, 400, "'user'", "users, n, exclude_seen")


def test_a_query_too_long_is_a_414_with_both_numbers(client: FlaskClient) -> None:
    answer = client.get("/recommendations?users=" + "x" * 60_000)
    assert_problem(answer, 414, "60,006", "60,000")


def test_head_answers_like_get_without_a_body(client: FlaskClient) -> None:
    head, get = (method("/recommendations?users=zoe") for method in (client.head, client.get))
    assert head.status_code == 200
    assert head.data == b""
    assert head.headers["X-Generation"] == get.headers["X-Generation"]
    assert head.headers["Content-Length"] == str(len(get.data))


@pytest.mark.parametrize(
    "query",
    [
        "users=zoe",
        "users=kelly+sullivan,Zoë",
        "users=a,b&users=",
        "users=",
        "n=5",
        "users=a&users=b",
        "users=kelly+sullivan,zoe&n=9&exclude_seen=false&detail=true",
        "users=kelly+sullivan,zoe&category=kettles&price_max=20&exclude=blue+kettle",
        "users=zoe&category=nothing",
        "users=zoe&price_min=2&price_max=1",
    ],
)
def test_the_fast_path_gives_what_the_route_gives(app: Flask, query: str) -> None:
    fast = app.test_client().get(f"/recommendations?{query}")
    # HEAD and other methods never take the fast path, and neither does dispatch by hand.
    with app.test_request_context(f"/recommendations?{query}"):
        slow = app.full_dispatch_request()
    assert (fast.status_code, fast.data) == (slow.status_code, slow.get_data())
    in_front = {"X-Content-Type-Options", "Referrer-Policy", "X-Request-ID"}
    assert set(fast.headers.keys()) == set(slow.headers.keys()) | in_front
    assert dict(slow.headers).items() <= dict(fast.headers).items()
