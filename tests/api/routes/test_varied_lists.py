"""`diversity`, `max_per_category` and `offset`, asked over HTTP."""

from __future__ import annotations

from typing import Any

import pytest
from flask.testing import FlaskClient

from classes.snapshot_store import SnapshotStore
from config import Config
from tests.support.artifacts import tiny_item_names, tiny_user_names
from tests.support.problem import assert_problem

ITEMS = tiny_item_names()
KELLY = tiny_user_names()[0]


def ask(client: FlaskClient, **query: Any) -> dict[str, Any]:
    answer = client.get("/recommendations", query_string={"users": f"{KELLY},zoe", **query})
    assert answer.status_code == 200, answer.text
    return answer.get_json()


@pytest.mark.parametrize(
    "query", ["diversity=0", "offset=0", "diversity=0.0&offset=0&n=5", "max_per_category=1000"]
)
def test_options_that_change_nothing_give_the_same_bytes(client: FlaskClient, query: str) -> None:
    plain = client.get(f"/recommendations?users={KELLY},zoe")
    assert client.get(f"/recommendations?users={KELLY},zoe&{query}").data == plain.data


def test_a_body_is_answered_as_a_query_is(client: FlaskClient) -> None:
    options = {"diversity": 0.6, "max_per_category": 2, "offset": 2, "n": 4, "price_min": 11}
    answer = client.post("/recommendations", json={"users": [KELLY, "zoe"], **options})
    assert answer.status_code == 200
    assert answer.get_json() == ask(client, **options)


@pytest.mark.parametrize("options", [{}, {"diversity": 0.8}, {"max_per_category": 3}])
def test_ranks_go_on_from_page_to_page(client: FlaskClient, options: dict[str, Any]) -> None:
    whole = ask(client, detail="true", n=12, **options)
    page = ask(client, detail="true", n=4, offset=4, **options)
    for user in (KELLY, "zoe"):
        assert page[user]["items"] == whole[user]["items"][4:8]
        assert [each["rank"] for each in page[user]["items"]] == [5, 6, 7, 8]
        assert page[user]["n_candidates"] == whole[user]["n_candidates"]
        assert "reason" not in page[user]


def test_a_visitor_gets_pages_too(client: FlaskClient) -> None:
    def visit(**query: Any) -> list[str]:
        answer = client.get("/recommendations", query_string={"history": ITEMS[3], **query})
        return answer.get_json()["visitor"]

    pages = [visit(n=3, offset=offset, diversity=0.5) for offset in (0, 3, 6)]
    assert [item for page in pages for item in page] == visit(n=9, diversity=0.5)


def test_at_most_so_many_of_a_category_come_and_the_list_says_what_that_leaves_out(
    client: FlaskClient,
) -> None:
    answer = ask(client, n=20, max_per_category=1, exclude_seen="false", detail="true")
    for found in answer.values():
        categories = [each["category"] for each in found["items"] if each["category"]]
        assert sorted(categories) == ["blankets", "guitars", "kettles", "lamps"]
        n_without = sum(each["category"] is None for each in found["items"])
        left_out = 20 - 4 - n_without
        assert found["reason"].endswith(f"max_per_category leaves out {left_out}.")


@pytest.mark.parametrize(
    ("query", "named", "expected"),
    [
        ("diversity=1.1", "'diversity'", "from 0 to 1"),
        ("diversity=-0.1", "'diversity'", "from 0 to 1"),
        ("diversity=nan", "'diversity'", "from 0 to 1"),
        ("diversity=much", "'diversity'", "from 0 to 1"),
        ("max_per_category=0", "'max_per_category'", "at least 1"),
        ("max_per_category=-2", "'max_per_category'", "at least 1"),
        ("max_per_category=1.5", "'max_per_category'", "at least 1"),
        ("max_per_category=", "'max_per_category'", "at least 1"),
        ("offset=-1", "'offset'", "from 0 to 999"),
        ("offset=1000", "'offset'", "from 0 to 999"),
        ("offset=two", "'offset'", "from 0 to 999"),
        ("offset=996", "offset is 996 and n 5", "lists end at place 1,000"),
        ("offset=950&n=51", "together 1,001", "Ask for a smaller offset or n"),
    ],
)
def test_values_out_of_range_are_a_400_that_says_what_is_allowed(
    client: FlaskClient, query: str, named: str, expected: str
) -> None:
    assert_problem(client.get(f"/recommendations?users=zoe&{query}"), 400, named, expected)


@pytest.mark.parametrize(
    "body",
    [
        {"diversity": "0.5"},
        {"diversity": True},
        {"diversity": None},
        {"max_per_category": 0},
        {"max_per_category": None},
        {"offset": -1},
        {"offset": 0.5},
        {"offset": 999, "n": 2},
    ],
)
def test_a_body_with_a_bad_value_is_a_400(client: FlaskClient, body: dict[str, Any]) -> None:
    assert_problem(client.post("/recommendations", json={"users": ["zoe"], **body}), 400)


def test_a_last_page_at_the_limit_is_answered(client: FlaskClient) -> None:
    assert ask(client, offset=999, n=1) == {KELLY: [], "zoe": []}


def test_what_has_to_be_ranked_counts_toward_the_limit_of_a_request(
    client: FlaskClient, published: Config, store: SnapshotStore
) -> None:
    users = [f"user {number}" for number in range(501)]
    for options in ({"diversity": 0.5}, {"max_per_category": 1}, {"offset": 95}):
        assert (
            client.post("/recommendations", json={"users": users[:500], **options}).status_code
            == 200
        )
        answer = client.post("/recommendations", json={"users": users, **options})
        assert_problem(answer, 400, "501 lists that count as 100 items each", "at most 500 users")
