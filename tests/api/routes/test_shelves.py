"""GET /popular, /trending, /new, /bought_together, and GET /items?q=."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest
from flask.testing import FlaskClient

from app import create_app
from recsys.item_similarities import stack_similarities
from storage.affinity_file import write_similarities
from tests.support.artifacts import tiny_item_names, write_tiny_artifacts
from tests.support.building import open_store_here
from tests.support.problem import assert_problem
from tests.support.services import config_in

ITEMS = tiny_item_names()
SHELVES = ("/popular", "/trending", "/new")


@pytest.fixture(scope="module")
def shop(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """A service with similarities: item 0 speaks for 1 and 2, item 3 for 2 and 0."""
    config = config_in(tmp_path_factory.mktemp("shop"))
    paths = write_tiny_artifacts(config.data_path.parent, titles=True, categories=True)
    entries = (
        np.zeros(4, dtype=int),
        np.array([0, 0, 3, 3]),
        np.array([1, 2, 2, 0]),
        np.array([2.0, 1.0, 4.0, 1.0]),
    )
    similarities = stack_similarities(["seq"], np.array([0.5]), entries, len(ITEMS))
    write_similarities(similarities, pd.Index(ITEMS), paths.item_affinity)
    store = open_store_here(config)
    store.ensure(lambda _: None)
    return create_app(config, store).test_client()


def names(answer: dict[str, list[dict[str, str]]]) -> list[str]:
    return [each["item"] for each in answer["items"]]


def test_popular_items_are_described_and_numbered(client: FlaskClient) -> None:
    assert client.get("/popular?window_days=5&n=1").get_json() == {
        "items": [
            {
                "item": "blue kettle",
                "title": "Title of blue kettle",
                "price": 10.0,
                "category": "kettles",
                "brand": "Blue & Co",
                "image": "https://pictures.example/blue-kettle.jpg",
                "count": 3,
                "rank": 1,
            }
        ],
        "window_days": 5,
        "newest_day": "2018-01-15",
        "n_candidates": 20,
    }


def test_by_default_popular_items_are_those_of_unknown_users(client: FlaskClient) -> None:
    everybody = client.get("/recommendations?users=zoe&n=20").get_json()["zoe"]
    answer = client.get("/popular?n=20").get_json()
    assert (names(answer), answer["window_days"]) == (everybody, 365)


def test_trends_and_new_items_tell_what_they_are_ranked_by(client: FlaskClient) -> None:
    [first, *_] = client.get("/trending?window_days=3").get_json()["items"]
    assert first["item"] == "blue kettle"
    assert {name: first[name] for name in ("rise", "count", "count_before")} == {
        "rise": 1.5439,
        "count": 3,
        "count_before": 1,
    }
    answer = client.get("/new?window_days=3").get_json()
    assert [(each["item"], each["first_day"]) for each in answer["items"]] == [
        (ITEMS[13], "2018-01-14"),
        (ITEMS[12], "2018-01-13"),
    ]
    assert "2" in answer["reason"]
    assert client.get("/new").get_json()["window_days"] is None


@pytest.mark.parametrize("path", SHELVES)
def test_shelves_take_the_filters_of_recommendations(client: FlaskClient, path: str) -> None:
    query = (
        "n=100&window_days=10&category=kettles&category=lamps&brand=Green+%26+Co&brand=Blue+%26+Co"
    )
    answer = client.get(f"{path}?{query}").get_json()
    assert set(names(answer)) <= {"green kettle", "green lamp", "blue kettle", "blue lamp"}
    assert answer["n_candidates"] == 4
    assert "4 of which pass the filters" in answer["reason"]
    answer = client.get(f"{path}?window_days=10&price_min=10&price_max=10").get_json()
    assert set(names(answer)) <= {"blue kettle"}
    assert client.get(f"{path}?items=nothing").get_json()["items"] == []
    assert_problem(client.get(f"{path}?category=nothing"), 400, "'nothing'", "categories are")
    assert_problem(client.get(f"{path}?brand=nothing"), 400, "'nothing'", "brands are")


@pytest.mark.parametrize("path", SHELVES)
@pytest.mark.parametrize("days", ["0", "-1", "1.5", "36501", "", "x"])
def test_a_window_is_a_whole_number_of_days(client: FlaskClient, path: str, days: str) -> None:
    answer = client.get(f"{path}?window_days={days}")
    assert_problem(answer, 400, "'window_days'", "from 1 to 36,500")


@pytest.mark.parametrize("path", SHELVES)
def test_any_window_is_answered(client: FlaskClient, path: str) -> None:
    for days in (1, 2, 3, 7, 14, 15, 16, 365, 36_500):
        answer = client.get(f"{path}?window_days={days}&n=100")
        assert answer.status_code == 200
        assert answer.get_json()["reason"]


def test_a_cart_gets_what_its_items_speak_for(shop: FlaskClient) -> None:
    answer = shop.get("/bought_together", query_string={"item": ITEMS[0]}).get_json()
    assert [(each["item"], each["similarity"]) for each in answer["items"]] == [
        (ITEMS[1], 2.0),
        (ITEMS[2], 1.0),
    ]
    assert answer["n_candidates"] == 19
    assert answer["reason"].endswith("chosen together with an item of the cart: 2.")
    cart = f"{ITEMS[0]},nothing,{ITEMS[3]}"
    answer = shop.get("/bought_together", query_string={"items": cart, "n": 2}).get_json()
    assert [(each["item"], each["similarity"]) for each in answer["items"]] == [
        (ITEMS[2], 5.0),
        (ITEMS[1], 2.0),
    ]
    assert answer["unknown_items"] == ["nothing"]
    assert "reason" not in answer
    both = {"item": ITEMS[3], "items": ITEMS[0], "category": "guitars"}
    assert names(shop.get("/bought_together", query_string=both).get_json()) == [ITEMS[2]]


def test_a_cart_that_cannot_be_answered_is_refused_with_the_cure(
    client: FlaskClient, shop: FlaskClient
) -> None:
    assert_problem(shop.get("/bought_together"), 400, "'item' and 'items' are missing")
    assert_problem(shop.get("/bought_together?items=a,b"), 404, "no item 'a'")
    answer = client.get("/bought_together", query_string={"item": ITEMS[0]})
    assert_problem(answer, 404, "chosen together", "python -m pipeline train")


def test_titles_are_searched(client: FlaskClient) -> None:
    answer = client.get("/items?q=KETT+title&n=2").get_json()
    assert answer["query"] == "KETT title"
    assert [(each["item"], each["n_ratings"], each["rank"]) for each in answer["items"]] == [
        ("blue kettle", 4, 1),
        ("green kettle", 3, 2),
    ]
    assert names(client.get("/items?q=ettle").get_json()) == [
        "blue kettle",
        "green kettle",
        "red kettle",
        "white kettle",
        "black kettle",
    ]
    assert client.get("/items?q=%3F").get_json() == {"query": "?", "items": []}


def test_a_search_is_for_at_most_100_characters(client: FlaskClient) -> None:
    assert client.get("/items?q=" + "x" * 100).status_code == 200
    assert_problem(client.get("/items?q=" + "x" * 101), 400, "'q'", "101 characters", "at most 100")
    assert_problem(client.get("/items"), 400, "'q' is missing")
    assert_problem(client.get("/items?q=+"), 400, "isn't blank")
