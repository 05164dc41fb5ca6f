"""Recommendations asked for by a body: the same answers as to a query, for more users."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from tests.support.problem import assert_problem
from tests.support.tiny_lists import ITEMS, KELLY, ask


def ask_by_body(client: FlaskClient, **body: Any) -> dict[str, Any]:
    answer = client.post("/recommendations", json={"users": [KELLY, "zoe"], **body})
    assert answer.status_code == 200, answer.text
    return answer.get_json()


@pytest.mark.parametrize(
    "options",
    [
        {},
        {"n": 3},
        {"n": 5.0},
        {"exclude_seen": False, "n": 7},
        {"exclude": [ITEMS[4], "a, b"]},
        {"price_min": 11, "price_max": 18.5},
        {"category": "kettles", "detail": True},
        {"history": [ITEMS[7], "a, b", ITEMS[2]], "detail": True},
    ],
)
def test_a_body_asks_what_a_query_asks(client: FlaskClient, options: dict[str, Any]) -> None:
    query = {
        name: str(value).lower() if isinstance(value, bool) else value
        for name, value in options.items()
        if value != 5.0
    }
    assert ask_by_body(client, **options) == ask(client, **query)


def test_names_in_a_body_need_no_way_round_commas(client: FlaskClient) -> None:
    answer = client.post("/recommendations", json={"users": ["Sullivan, Kelly", " zoe ", "zoe"]})
    assert list(answer.get_json()) == ["Sullivan, Kelly", "zoe"]


def test_a_body_may_name_many_more_users_than_a_query(client: FlaskClient) -> None:
    names = [f"user {i}" for i in range(10_000)]
    answer = client.post("/recommendations", json={"users": names})
    assert answer.status_code == 200
    assert list(answer.get_json()) == names
    answer = client.post("/recommendations", json={"users": [*names, "one more"]})
    assert_problem(answer, 400, "10,001", "10,000")


@pytest.mark.parametrize(
    ("body", "words"),
    [
        ("", "not JSON"),
        ("{", "not JSON"),
        ("[]", "not a JSON object"),
        ("null", "not a JSON object"),
        ('"users"', "not a JSON object"),
        ("{}", "'users' is missing"),
        ('{"users": []}', "names no users"),
        ('{"users": [" "]}', "names no users"),
        ('{"users": "zoe"}', "list of names"),
        ('{"users": ["zoe", 1]}', "list of names"),
        ('{"users": null}', "list of names"),
        ('{"users": ["zoe"], "user": []}', "'user' is unknown"),
        ('{"users": ["zoe"], "n": "5"}', "whole number from 1 to 100"),
        ('{"users": ["zoe"], "n": true}', "whole number from 1 to 100"),
        ('{"users": ["zoe"], "n": 5.5}', "whole number from 1 to 100"),
        ('{"users": ["zoe"], "n": 1' + "0" * 5_000 + "}", "not JSON"),
        ('{"users": ["zoe"], "exclude_seen": "true"}', "true or false"),
        ('{"users": ["zoe"], "exclude_seen": 1}', "true or false"),
        ('{"users": ["zoe"], "price_min": NaN}', "number from 0 to"),
        ('{"users": ["zoe"], "price_min": Infinity}', "number from 0 to"),
        ('{"users": ["zoe"], "price_max": "10"}', "number from 0 to"),
        ('{"users": ["zoe"], "category": ""}', "isn't blank"),
        ('{"users": ["zoe"], "category": []}', "at least one of the categories"),
        ('{"users": ["zoe"], "brand": ["x", ""]}', "isn't blank"),
        ('{"users": ["zoe"], "brand": [["x"]]}', "isn't blank"),
        ('{"users": ["zoe"], "brand": null}', "isn't blank"),
        ("[" * 100_000, "not JSON"),
    ],
)
def test_a_body_that_does_not_fit_is_a_400_that_says_why(
    client: FlaskClient, body: str, words: str
) -> None:
    answer = client.post("/recommendations", data=body, content_type="application/json")
    assert answer.status_code == 400
    assert words in answer.get_json()["error"] or "too deeply" in answer.get_json()["error"]


def test_a_body_that_is_no_utf8_is_a_400(client: FlaskClient) -> None:
    answer = client.post(
        "/recommendations", data=b'{"users": ["\xff"]}', content_type="application/json"
    )
    assert_problem(answer, 400, "UTF-8")


@pytest.mark.parametrize("kind", [None, "text/plain", "application/x-www-form-urlencoded"])
def test_a_body_of_another_type_is_a_415(client: FlaskClient, kind: str | None) -> None:
    answer = client.post("/recommendations", data='{"users": ["zoe"]}', content_type=kind)
    assert_problem(answer, 415, "application/json")


def test_a_body_too_large_is_a_413_with_the_limit(client: FlaskClient) -> None:
    body = b'{"users": ["' + b"x" * 2_097_152 + b'"]}'
    answer = client.post("/recommendations", data=body, content_type="application/json")
    assert_problem(answer, 413, "2,097,152")


def test_post_takes_no_query(client: FlaskClient) -> None:
    answer = client.post("/recommendations?n=5", json={"users": ["zoe"]})
    assert_problem(answer, 400, "'n'", "takes none")


@pytest.mark.parametrize(
    ("n_users", "options", "words"),
    [
        (
            501,
            {"n": 100},
            ("501 lists that count as 100 items", "at most 50,000", "at most 500 users"),
        ),
        (5_001, {"exclude_seen": False}, ("5,001 lists that count as 10", "at most 5,000 users")),
        (
            251,
            {"n": 100, "detail": True},
            ("251 lists that count as 200 items", "at most 250 users"),
        ),
        (
            *(25, {"n": 1, "detail": True, "history": [f"i{i}" for i in range(1_000)]}),
            ("25 lists that count as 2,002 items", "at most 24 users", "pipeline recommend"),
        ),
    ],
)
def test_lists_of_more_items_than_the_limit_are_a_400_that_says_how_to_ask_in_parts(
    client: FlaskClient, n_users: int, options: dict[str, Any], words: tuple[str, ...]
) -> None:
    users = [f"u{i}" for i in range(n_users)]
    assert_problem(client.post("/recommendations", json={"users": users, **options}), 400, *words)
    fewer = client.post("/recommendations", json={"users": users[:-1], **options})
    assert fewer.status_code == 200
    assert len(fewer.data) < 10_000_000


def test_ten_thousand_users_may_have_five_items_each(client: FlaskClient) -> None:
    users = [f"u{i}" for i in range(10_000)]
    assert len(client.post("/recommendations", json={"users": users}).get_json()) == 10_000
