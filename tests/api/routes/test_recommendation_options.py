"""The options of recommendations; every filter is applied a second time by hand here."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import numpy as np
import pytest
from flask.testing import FlaskClient

from classes.snapshot_store import SnapshotStore
from tests.support.artifacts import (
    tiny_brand,
    tiny_category,
    tiny_image,
    tiny_item_names,
    tiny_user_names,
)
from tests.support.problem import assert_problem

ITEMS = tiny_item_names()
USERS = tiny_user_names()
KELLY = USERS[0]
KELLYS_ITEMS = set(ITEMS[:3])
N_REVIEWED = 14
"""Items with interactions; the other six have neither price nor category."""

PRICES = {ITEMS[row]: 10.0 + row for row in range(N_REVIEWED) if row % 5 != 4}
CATEGORIES = {item: tiny_category(item) for item in ITEMS[:N_REVIEWED]}


def ask(client: FlaskClient, **query: Any) -> dict[str, Any]:
    answer = client.get("/recommendations", query_string={"users": f"{KELLY},zoe", **query})
    assert answer.status_code == 200, answer.text
    return answer.get_json()


def ask_by_body(client: FlaskClient, **body: Any) -> dict[str, Any]:
    answer = client.post("/recommendations", json={"users": [KELLY, "zoe"], **body})
    assert answer.status_code == 200, answer.text
    return answer.get_json()


@pytest.fixture
def ranked(store: SnapshotStore) -> list[str]:
    """All items for the first user, best first, by scores alone."""
    scores = store.current().model.score(0)
    return [ITEMS[row] for row in np.argsort(-scores, kind="stable")]


@pytest.fixture
def popular(store: SnapshotStore) -> list[str]:
    """All items of the cold-start list."""
    data = store.current().data
    return [data.item(row) for row in data.cold_start.order]


def only(items: Iterable[str], allowed: Iterable[str]) -> list[str]:
    allowed = set(allowed)
    return [item for item in items if item in allowed]


@pytest.mark.parametrize("n", [1, 4, 5, 6, 17])
def test_n_items_come_for_everybody(
    client: FlaskClient, ranked: list[str], popular: list[str], n: int
) -> None:
    unseen = [item for item in ranked if item not in KELLYS_ITEMS]
    assert ask(client, n=n) == {KELLY: unseen[:n], "zoe": popular[:n]}


@pytest.mark.parametrize("n", ["0", "101", "-1", "five", "2.5", ""])
def test_an_n_out_of_range_is_a_400_that_says_the_range(client: FlaskClient, n: str) -> None:
    answer = client.get(f"/recommendations?users=zoe&n={n}")
    assert_problem(answer, 400, "'n'", "from 1 to 100")


def test_n_up_to_100_gives_what_there_is_and_the_reason(client: FlaskClient) -> None:
    answer = ask(client, n=100, detail="true")
    assert len(answer[KELLY]["items"]) == answer[KELLY]["n_candidates"] == 17
    assert answer[KELLY]["reason"] == (
        "The catalog has 20 items, and 3 of those are excluded or already reviewed."
    )
    assert len(answer["zoe"]["items"]) == 20
    assert answer["zoe"]["reason"] == "The catalog has 20 items."


def test_excluded_items_are_left_out_of_either_list(
    client: FlaskClient, ranked: list[str], popular: list[str]
) -> None:
    unseen = [item for item in ranked if item not in KELLYS_ITEMS]
    gone = [unseen[0], unseen[2], popular[1]]
    left = [item for item in unseen if item not in gone]
    answer = ask(client, exclude=",".join(gone))
    assert answer[KELLY] == left[:5]
    assert answer["zoe"] == [item for item in popular if item not in gone][:5]
    assert ask(client, exclude=[*gone, "no such item"]) == answer


def test_excluding_a_seen_item_counts_it_once(client: FlaskClient) -> None:
    answer = ask(client, exclude=f"{ITEMS[0]},{ITEMS[9]}", detail="true")
    assert answer[KELLY]["n_candidates"] == 16
    assert answer["zoe"]["n_candidates"] == 18


@pytest.mark.parametrize(
    ("low", "high"),
    [(None, 0), (0, None), (0, 0), (12, 18), (15.5, 22.5), (12, 12), (None, 1e9), (22.5, None)],
)
def test_bounds_on_prices_let_in_exactly_the_items_between_them(
    client: FlaskClient,
    ranked: list[str],
    popular: list[str],
    low: float | None,
    high: float | None,
) -> None:
    bounds = {"price_min": low, "price_max": high}
    query = {name: value for name, value in bounds.items() if value is not None}
    least, most = low or 0, 1e9 if high is None else high
    fitting = [item for item, price in PRICES.items() if least <= price <= most]
    answer = ask(client, n=20, exclude_seen="false", **query)
    assert answer == {KELLY: only(ranked, fitting), "zoe": only(popular, fitting)}
    detail = ask(client, n=20, exclude_seen="false", detail="true", **query)["zoe"]
    assert detail["n_candidates"] == len(fitting)
    assert detail["n_without_price"] == len(ITEMS) - len(PRICES) == 8


def test_a_price_range_upside_down_is_a_400_with_both_numbers(client: FlaskClient) -> None:
    answer = client.get("/recommendations?users=zoe&price_min=20&price_max=10.5")
    assert_problem(answer, 400, "price_min is 20", "price_max 10.5")


@pytest.mark.parametrize("value", ["-1", "NaN", "inf", "1e999", "ten", "", "1,5", "1_0", "0x1"])
def test_a_price_that_is_no_amount_is_a_400(client: FlaskClient, value: str) -> None:
    answer = client.get(f"/recommendations?users=zoe&price_min={value}")
    assert_problem(answer, 400, "'price_min'", "number from 0 to")


@pytest.mark.parametrize("category", ["kettles", "lamps", "guitars", "blankets"])
def test_a_category_lets_in_exactly_its_items(
    client: FlaskClient, ranked: list[str], popular: list[str], category: str
) -> None:
    fitting = [item for item, each in CATEGORIES.items() if each == category]
    answer = ask(client, n=20, exclude_seen="false", category=category)
    assert answer == {KELLY: only(ranked, fitting), "zoe": only(popular, fitting)}


def test_an_unknown_category_is_a_400_that_names_similar_ones(client: FlaskClient) -> None:
    answer = client.get("/recommendations?users=zoe&category=kettle")
    assert_problem(answer, 400, "'kettle'", "4", "'kettles'")


def test_several_categories_and_brands_let_in_the_items_of_any(
    client: FlaskClient, ranked: list[str], popular: list[str]
) -> None:
    query = "/recommendations?n=20&exclude_seen=false&users=kelly+sullivan&users=zoe"
    answer = client.get(f"{query}&category=lamps&category=kettles").get_json()
    fitting = [item for item, each in CATEGORIES.items() if each in ("lamps", "kettles")]
    assert answer == {KELLY: only(ranked, fitting), "zoe": only(popular, fitting)}
    answer = client.get(f"{query}&brand=Blue+%26+Co&brand=White+%26+Co").get_json()
    fitting = [item for item in ITEMS[:N_REVIEWED] if item.split()[0] in ("blue", "white")]
    assert answer == {KELLY: only(ranked, fitting), "zoe": only(popular, fitting)}
    answer = client.get(f"{query}&brand=Blue+%26+Co&category=lamps").get_json()
    assert answer == {KELLY: ["blue lamp"], "zoe": ["blue lamp"]}


@pytest.mark.parametrize("category", ["lamps", ["lamps"], ["lamps", " lamps "]])
def test_a_body_names_one_category_or_a_list(client: FlaskClient, category: object) -> None:
    body = {"users": ["zoe"], "category": category, "n": 20}
    listed = client.post("/recommendations", json=body).get_json()["zoe"]
    assert set(listed) == {item for item, each in CATEGORIES.items() if each == "lamps"}


def test_only_the_named_items_are_ranked_and_unknown_ones_are_ignored(
    client: FlaskClient, ranked: list[str], popular: list[str]
) -> None:
    asked = [ITEMS[7], ITEMS[19], "nothing", ITEMS[3]]
    answer = ask(client, items=",".join(asked))
    assert answer == {KELLY: only(ranked, asked), "zoe": only(popular, asked)}
    assert ask(client, items="nothing") == {KELLY: [], "zoe": []}
    detail = ask(client, items="nothing", detail="true")["zoe"]
    assert "20 items, 0 of which pass the filters" in detail["reason"]


def test_more_than_1000_items_or_100_brands_are_a_400(client: FlaskClient) -> None:
    body = {"users": ["zoe"], "items": [f"item {n}" for n in range(1_001)]}
    assert_problem(client.post("/recommendations", json=body), 400, "1,001 items", "at most 1,000")
    body = {"users": ["zoe"], "brand": [f"brand {n}" for n in range(101)]}
    assert_problem(client.post("/recommendations", json=body), 400, "101 brands", "at most 100")


def test_filters_work_together(client: FlaskClient, ranked: list[str]) -> None:
    query = {"category": "lamps", "price_max": 20, "exclude": ITEMS[5]}
    fitting = {"blue lamp", "green lamp", "red lamp"} & set(PRICES) - {ITEMS[5], *KELLYS_ITEMS}
    fitting = {item for item in fitting if PRICES[item] <= 20}
    answer = ask(client, detail="true", **query)[KELLY]
    assert [each["item"] for each in answer["items"]] == only(ranked, fitting)
    assert answer["n_candidates"] == len(fitting)
    # Of the four lamps with a row, the red one (item 9) has no price.
    assert answer["n_without_price"] == 1
    assert answer["reason"] == (
        "The catalog has 20 items, 2 of which pass the filters (1 have no price), "
        "and 2 of those are excluded or already reviewed."
    )


def test_detail_tells_facts_score_rank_and_source(
    client: FlaskClient, store: SnapshotStore
) -> None:
    model = store.current().model
    answer = ask(client, detail="true", n=20, exclude_seen="false")
    chances = model.outputs(model.score(0))
    for rank, item in enumerate(answer[KELLY]["items"], start=1):
        row = ITEMS.index(item["item"])
        assert item == {
            "item": ITEMS[row],
            "title": f"Title of {ITEMS[row]}" if row < N_REVIEWED else ITEMS[row],
            "price": PRICES.get(ITEMS[row]),
            "category": CATEGORIES.get(ITEMS[row]),
            "brand": tiny_brand(ITEMS[row]) if row < N_REVIEWED else None,
            "image": tiny_image(ITEMS[row]) if row < N_REVIEWED else None,
            "score": pytest.approx(float(chances[row]), abs=1e-6),
            "five_star_probability": None,
            "rank": rank,
            "source": "personalised",
        }
    assert "reason" not in answer[KELLY]
    assert {each["source"] for each in answer["zoe"]["items"]} == {"cold_start"}
    assert {each["score"] for each in answer["zoe"]["items"]} == {None}


def test_detail_lists_the_same_items_as_the_plain_answer(client: FlaskClient) -> None:
    plain, detailed = ask(client), ask(client, detail="true")
    assert plain == {
        user: [each["item"] for each in found["items"]] for user, found in detailed.items()
    }
    assert ask(client, detail="false") == plain


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
