"""GET /items/{item}, /similar_items and /users/{user}, with every kind of name."""

from __future__ import annotations

from pathlib import Path
from urllib.parse import quote

import numpy as np
import pandas as pd
import pytest
from flask.testing import FlaskClient

from app import create_app
from classes.snapshot_store import SnapshotStore
from recsys import columns
from storage.artifacts import write_frame
from tests.support.artifacts import tiny_item_names, tiny_user_names, write_tiny_artifacts
from tests.support.building import open_store_here
from tests.support.problem import assert_problem
from tests.support.services import config_in

ITEMS = tiny_item_names()
USERS = tiny_user_names()
AWKWARD = (
    "either/or",
    "/leading",
    "trailing/",
    "two//slashes",
    "100% wool",
    "%2F",
    "what? a # sign",
    "a&b=c;d",
    "a+b",
    "name, with comma",
    "李雷",
    "Zoë",
    "line\nbreak",
    "nul\x00byte",
    "tab\tand \x7f",
    " spaces around ",
    "..",
    "<b>bold</b>",
    "🎸" * 50,
    "x" * 512,
)


@pytest.fixture(scope="module")
def awkward(tmp_path_factory: pytest.TempPathFactory) -> FlaskClient:
    """A service whose items, and whose users, have the names of `AWKWARD`."""
    folder = tmp_path_factory.mktemp("awkward")
    paths = write_tiny_artifacts(folder, n_users=len(AWKWARD), n_items=len(AWKWARD))
    _rename(paths.item_desc, columns.ITEM, tiny_item_names(len(AWKWARD)))
    _rename(paths.item_price, columns.ITEM, tiny_item_names(len(AWKWARD)))
    for path in (paths.user_review, paths.user_item):
        _rename(path, columns.USER, tiny_user_names(len(AWKWARD)))
    clean = pd.read_parquet(paths.clean)
    clean[columns.ITEM] = clean[columns.ITEM].replace(_new(tiny_item_names(len(AWKWARD))))
    clean[columns.USER] = clean[columns.USER].replace(_new(tiny_user_names(len(AWKWARD))))
    write_frame(clean, paths.clean)
    config = config_in(folder)
    store = open_store_here(config)
    store.ensure(lambda _: None)
    return create_app(config, store).test_client()


def _new(old: list[str]) -> dict[str, str]:
    return dict(zip(old, AWKWARD, strict=True))


def _rename(path: Path, key: str, old: list[str]) -> None:
    frame = pd.read_parquet(path)
    frame.index = pd.Index([_new(old)[name] for name in frame.index], name=key)
    write_frame(frame, path)


def test_an_item_is_described(client: FlaskClient) -> None:
    assert client.get("/items/green kettle").get_json() == {
        "item": "green kettle",
        "title": "Title of green kettle",
        "price": None,
        "category": "kettles",
        "brand": "Green & Co",
        "image": "https://pictures.example/green-kettle.jpg",
        "n_ratings": 3,
        "mean_rating": 4.0,
    }
    assert client.get("/items/black blanket").get_json() == {
        "item": "black blanket",
        "title": "black blanket",
        "price": None,
        "category": None,
        "brand": None,
        "image": None,
        "n_ratings": 0,
        "mean_rating": None,
    }


@pytest.mark.parametrize("path", ["/items/nothing", "/similar_items?item=nothing"])
def test_an_unknown_item_is_a_404_that_says_where_names_come_from(
    client: FlaskClient, path: str
) -> None:
    assert_problem(client.get(path), 404, "'nothing'", "GET /recommendations")


@pytest.mark.parametrize("name", AWKWARD)
def test_items_of_any_name_are_found_by_their_path(awkward: FlaskClient, name: str) -> None:
    answer = awkward.get("/items/" + quote(name, safe=""))
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["item"] == name


@pytest.mark.parametrize("name", AWKWARD)
def test_users_of_any_name_are_found_by_their_path(awkward: FlaskClient, name: str) -> None:
    answer = awkward.get("/users/" + quote(name, safe=""))
    assert answer.status_code == 200, answer.text
    assert answer.get_json()["user"] == name
    assert answer.get_json()["n_reviews"] == 3


@pytest.mark.parametrize("name", [name for name in AWKWARD if name == name.strip()])
def test_items_of_any_name_have_similar_ones(awkward: FlaskClient, name: str) -> None:
    answer = awkward.get("/similar_items", query_string={"item": name, "n": 100})
    assert answer.status_code == 200, answer.text
    similar = [each["item"] for each in answer.get_json()["similar_items"]]
    assert len(similar) == len(AWKWARD) - 1
    assert set(similar) == set(AWKWARD) - {name}


def test_similar_items_are_the_nearest_by_cosine(client: FlaskClient, store: SnapshotStore) -> None:
    vectors = store.current().data.inputs.item_desc.astype(np.float64)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    for row in (0, 7, 19):
        cosines = unit @ unit[row]
        cosines[row] = -2
        expected = np.argsort(-cosines, kind="stable")[:5]
        answer = client.get("/similar_items", query_string={"item": ITEMS[row]}).get_json()
        assert answer["item"] == ITEMS[row]
        assert [each["item"] for each in answer["similar_items"]] == [ITEMS[i] for i in expected]
        for rank, (each, i) in enumerate(
            zip(answer["similar_items"], expected, strict=True), start=1
        ):
            assert each["similarity"] == pytest.approx(cosines[i], abs=1e-4)
            assert each["rank"] == rank


def test_similar_items_take_the_filters_of_recommendations(client: FlaskClient) -> None:
    everything = client.get(f"/similar_items?item={ITEMS[0]}&n=100").get_json()["similar_items"]
    for query, passes in (
        ("category=lamps&category=kettles", lambda each: each["category"] in ("lamps", "kettles")),
        ("brand=Green+%26+Co", lambda each: each["brand"] == "Green & Co"),
        (f"items={ITEMS[0]},{ITEMS[19]},{ITEMS[2]},x", lambda each: each["item"] in ITEMS[2::17]),
        ("price_min=12&price_max=16", lambda each: 12 <= (each["price"] or 0) <= 16),
    ):
        answer = client.get(f"/similar_items?item={ITEMS[0]}&n=100&{query}").get_json()
        expected = [each["item"] for each in everything if passes(each)]
        assert [each["item"] for each in answer["similar_items"]] == expected
        assert expected
    answer = client.get(f"/similar_items?item={ITEMS[0]}&category=nothing")
    assert_problem(answer, 400, "'nothing'", "categories are")


def test_similar_items_need_an_item_and_a_sensible_n(client: FlaskClient) -> None:
    assert_problem(client.get("/similar_items"), 400, "'item' is missing")
    assert_problem(client.get("/similar_items?item="), 400, "'item'", "isn't blank")
    assert_problem(client.get("/similar_items?item=a&item=b"), 400, "'item'", "2 times")
    assert_problem(client.get("/similar_items?item=a&n=101"), 400, "'n'", "from 1 to 100")


def described(client: FlaskClient, item: str) -> dict[str, object]:
    about = client.get("/items/" + quote(item)).get_json()
    return {name: about[name] for name in ("item", "title", "price", "category", "brand", "image")}


def test_a_users_reviews_come_newest_first(client: FlaskClient) -> None:
    answer = client.get("/users/" + quote(USERS[2])).get_json()
    assert answer == {
        "user": USERS[2],
        "n_reviews": 3,
        "reviews": [
            {
                **described(client, ITEMS[row]),
                "rating": rating,
                "time": f"2018-01-{1 + row:02}T00:00:00Z",
                "kind": "review",
            }
            for row, rating in ((4, 3.0), (3, 4.0), (2, 5.0))
        ],
    }


def test_a_user_is_found_by_the_cleaning_rule_and_the_list_may_be_shortened(
    client: FlaskClient,
) -> None:
    answer = client.get("/users/Kelly%20Sullivan!?n=1").get_json()
    assert answer["user"] == "kelly sullivan"
    assert answer["n_reviews"] == 3
    assert [each["item"] for each in answer["reviews"]] == [ITEMS[2]]


@pytest.mark.parametrize("user", ["zoe", "amazon customer", "late arrival"])
def test_a_user_not_known_is_a_404(client: FlaskClient, user: str) -> None:
    assert_problem(client.get(f"/users/{quote(user)}"), 404, repr(user), "cold-start")


@pytest.mark.parametrize("path", ["/users", "/users/", "/items/"])
def test_a_path_without_a_name_leads_nowhere(client: FlaskClient, path: str) -> None:
    assert_problem(client.get(path), 404, path)
