"""The options of recommendations; every filter is applied a second time by hand here."""

from __future__ import annotations

import pytest
from flask.testing import FlaskClient

from classes.snapshot_store import SnapshotStore
from tests.support.artifacts import tiny_brand, tiny_image
from tests.support.problem import assert_problem
from tests.support.tiny_lists import (
    CATEGORIES,
    ITEMS,
    KELLY,
    KELLYS_ITEMS,
    N_REVIEWED,
    PRICES,
    ask,
    only,
)


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
