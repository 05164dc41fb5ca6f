"""What the console reads from the service; tests/service/console uses it in a browser."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from api.console.files import SCRIPTS
from app import create_app
from classes.snapshot_store import SnapshotStore
from config import PROJECT_ROOT
from storage.json_file import write_json
from tests.support.artifacts import tiny_item_names, tiny_user_names, write_tiny_artifacts
from tests.support.building import open_store_here
from tests.support.problem import assert_problem
from tests.support.services import config_in

SOURCES = PROJECT_ROOT / "api" / "templates" / "console"


def test_the_page_runs_its_own_files_alone_and_loads_nothing_from_elsewhere(
    client: FlaskClient,
) -> None:
    answer = client.get("/console")
    assert answer.content_type == "text/html; charset=utf-8"
    policy = answer.headers["Content-Security-Policy"]
    assert (
        "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:;" in policy
    )
    assert not re.search(r"<script(?! type=\"module\" src=)|<style|style=|\son\w+=", answer.text)
    assert not re.search(r'(?:src|href)="(?:https?:)?//', answer.text)


def test_pictures_from_elsewhere_are_allowed_only_where_they_are_asked_for(
    client: FlaskClient,
) -> None:
    policy = client.get("/console?pictures=true").headers["Content-Security-Policy"]
    assert "img-src 'self' data: https: http:;" in policy
    assert "script-src 'self';" in policy
    assert_problem(client.get("/console?pictures=maybe"), 400, "true or false")


def test_every_file_of_the_page_is_served_under_its_own_type(client: FlaskClient) -> None:
    page = client.get("/console").text
    paths = re.findall(r'(?:src|href)="(/console/[^"]+)"', page)
    assert len(paths) == len(SCRIPTS) + 3
    for path in paths:
        answer = client.get(path)
        kind = "text/javascript" if path.endswith(".js") else "text/css"
        assert answer.content_type == f"{kind}; charset=utf-8"
        assert answer.data
    served = {path.rpartition("/")[2] for path in paths}
    assert served == {path.name for path in SOURCES.glob("*.[jc]s*")} | {"style.css"}


def test_a_browser_that_has_the_newest_file_gets_304(client: FlaskClient) -> None:
    first = client.get("/console/users.js")
    assert first.headers["Cache-Control"] == "no-cache"
    again = client.get("/console/users.js", headers={"If-None-Match": first.headers["ETag"]})
    assert (again.status_code, again.data) == (304, b"")
    other = client.get("/console/items.js", headers={"If-None-Match": first.headers["ETag"]})
    assert other.status_code == 200


@pytest.mark.parametrize("name", ["nothing.js", "..%2Fdocs.js", "console.html", "%00"])
def test_there_are_no_other_files(client: FlaskClient, name: str) -> None:
    assert_problem(client.get(f"/console/{name}"), 404)


def test_scripts_put_text_in_as_text() -> None:
    for path in SOURCES.glob("*.js"):
        found = re.findall(
            r"innerHTML|outerHTML|insertAdjacent|document\.write|\beval\(|new Function|DOMParser",
            path.read_text(encoding="utf-8"),
        )
        assert not found, path.name


def test_an_item_is_described_with_its_place_among_users_and_items(client: FlaskClient) -> None:
    item = tiny_item_names()[0]
    answer = client.get("/console/item", query_string={"item": item})
    found = answer.get_json()
    assert (found["item"], found["n_ratings"], len(found["places"])) == (item, 4, 5)
    # Reviewed on the first day, and by three people on the last, 14 days later.
    assert found["recent"] == [{"days": days, "n": n} for days, n in ((10, 3), (30, 4), (180, 4))]
    assert found["neighbors"] == []  # this model reads no similarities
    assert_problem(client.get("/console/item?item=nothing"), 404, "nothing")
    assert_problem(client.get("/console/item"), 400, "missing")


def test_the_catalog_is_divided_by_category_and_price(client: FlaskClient) -> None:
    found = client.get("/console/catalog").get_json()
    assert (found["n_items"], found["n_users"]) == (20, 12)
    for groups in (found["categories"], found["price_bands"]):
        for share in ("items", "bought"):
            assert sum(each[share] for each in groups) == pytest.approx(1, abs=1e-5)
    assert {each["category"] for each in found["categories"]} == {
        *("kettles", "lamps", "guitars", "blankets", None)
    }
    cold_start = client.get("/recommendations?users=nobody&n=15").get_json()["nobody"]
    assert [each["item"] for each in found["cold_start"]] == cold_start


def test_without_an_earlier_generation_there_is_none_to_compare_with(client: FlaskClient) -> None:
    user = tiny_user_names()[0]
    answer = client.get("/console/previous", query_string={"user": user})
    assert_problem(answer, 404, "There is no earlier generation")


def test_the_list_before_a_reload_can_still_be_asked_for_with_any_option(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    write_tiny_artifacts(tmp_path)
    store = open_store_here(config)
    store.ensure(lambda _: None)
    client = create_app(config, store).test_client()
    users = tiny_user_names()
    plain = {
        user: client.get("/recommendations", query_string={"users": user}).get_json()[user]
        for user in users
    }
    first = store.current().generation
    write_tiny_artifacts(tmp_path, seed=1)
    store.reload(data=True, model=True)
    for user in users:
        answer = client.get("/console/previous", query_string={"user": user})
        found = answer.get_json()
        assert [each["item"] for each in found["items"]] == plain[user]
        assert (found["generation"], answer.headers["X-Generation"]) == (first, first)
    found = client.get("/console/previous", query_string={"user": users[0], "n": 2}).get_json()
    assert [each["item"] for each in found["items"]] == plain[users[0]][:2]
    unknown = client.get("/console/previous?user=nobody").get_json()
    assert (unknown["known"], len(unknown["items"])) == (False, 5)


def test_the_model_card_is_shown_only_beside_the_model_in_service(tmp_path: Path) -> None:
    config = config_in(tmp_path)
    paths = write_tiny_artifacts(tmp_path)
    store: SnapshotStore = open_store_here(config)
    store.ensure(lambda _: None)
    client = create_app(config, store).test_client()
    assert client.get("/console/model").get_json() == {
        "in_place": True,
        "card": None,
        "metrics": None,
    }
    write_json(config.model_path / "best_model.json", {"model": "tiny"})
    write_json(config.model_path / "metrics.json", ["no", "metrics"])
    assert client.get("/console/model").get_json()["card"] == {"model": "tiny"}
    assert client.get("/console/model").get_json()["metrics"] is None
    write_tiny_artifacts(tmp_path, seed=1)  # another model, not loaded yet
    assert client.get("/console/model").get_json()["in_place"] is False
    paths.model.unlink()
    assert client.get("/console/model").get_json()["card"] is None
