"""A client that a stock generator makes from /openapi.json works with the running server."""

from __future__ import annotations

import importlib
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from types import ModuleType

import pytest

from tests.support.artifacts import tiny_item_names, tiny_user_names
from tests.support.process import Server

PACKAGE = "top_five_client"
ITEMS = tiny_item_names()
KELLY = tiny_user_names()[0]


@pytest.fixture(scope="module")
def package(running: Server, tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The name of the generated package, importable as long as the fixture lives."""
    folder = tmp_path_factory.mktemp("generated")
    done = subprocess.run(
        [
            *(sys.executable, "-m", "openapi_python_client", "generate", "--meta=none"),
            *(f"--url={running.url}/openapi.json", f"--output-path={folder / PACKAGE}"),
            "--fail-on-warning",
        ],
        env=os.environ
        | {"PATH": f"{Path(sys.executable).parent}:{os.environ['PATH']}"},  # for ruff
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout + done.stderr
    sys.path.insert(0, str(folder))
    yield PACKAGE
    sys.path.remove(str(folder))


@pytest.fixture
def client(running: Server, package: str) -> Iterator[object]:
    with importlib.import_module(package).Client(base_url=running.url) as client:
        yield client


def api(package: str, name: str) -> ModuleType:
    """The module of one operation, as in `recommendations.recommendations`."""
    return importlib.import_module(f"{package}.api.{name}")


def models(package: str) -> ModuleType:
    return importlib.import_module(f"{package}.models")


def test_recommendations_come_as_lists_of_names(
    running: Server, package: str, client: object
) -> None:
    call = api(package, "recommendations.recommendations").sync
    answer = call(client=client, users=[KELLY, "zoe"], n=3)
    expected = running.get(f"/recommendations?users={KELLY},zoe&n=3").json()
    assert answer.additional_properties == expected
    one = call(client=client, users=[KELLY])
    assert [len(items) for items in one.additional_properties.values()] == [5]


def test_details_come_as_objects(package: str, client: object) -> None:
    answer = api(package, "recommendations.recommendations").sync(
        client=client, users=[KELLY, "zoe"], detail=True, category="kettles", price_max=20
    )
    found = answer[KELLY]
    assert isinstance(found, models(package).Recommendation)
    assert [item.rank for item in found.items] == [1]
    assert found.items[0].category == "kettles"
    assert 0 < found.items[0].score < 1
    assert "which pass the filters" in found.reason
    assert answer["zoe"].items[0].score is None
    assert answer["zoe"].items[0].source == "cold_start"


def test_long_lists_of_users_go_by_a_body(package: str, client: object) -> None:
    body = models(package).RecommendationsByBodyBody(users=[f"u{i}" for i in range(2_000)], n=1)
    answer = api(package, "recommendations.recommendations_by_body").sync(client=client, body=body)
    assert len(answer.additional_properties) == 2_000


def test_users_and_items_are_told(package: str, client: object) -> None:
    known = api(package, "users.check_users").sync(client=client, users=[KELLY, "zoe"])
    assert known.additional_properties == {KELLY: True, "zoe": False}
    drawn = api(package, "users.random_users").sync(client=client, n=4)
    assert set(drawn) < set(tiny_user_names())
    item = api(package, "items.item").sync(ITEMS[0], client=client)
    assert (item.price, item.category, item.n_ratings) == (10.0, "kettles", 4)
    similar = api(package, "items.similar_items").sync(client=client, item=ITEMS[0], n=2)
    assert [each.rank for each in similar.similar_items] == [1, 2]
    user = api(package, "users.user").sync(KELLY, client=client)
    assert [review.item for review in user.reviews] == ITEMS[2::-1]


def test_problems_come_as_objects_with_the_message(package: str, client: object) -> None:
    answer = api(package, "items.item").sync_detailed("no such item", client=client)
    assert answer.status_code == 404
    assert isinstance(answer.parsed, models(package).Problem)
    assert "'no such item'" in answer.parsed.error
    answer = api(package, "recommendations.recommendations").sync(client=client, users=["a"], n=101)
    assert "from 1 to 100" in answer.error


def test_operators_send_the_token(running: Server, package: str) -> None:
    module = importlib.import_module(package)
    rollback = api(package, "operations.rollback").sync_detailed
    with module.AuthenticatedClient(base_url=running.url, token="wrong") as client:
        assert rollback(client=client).status_code == 401
    with module.AuthenticatedClient(base_url=running.url, token="secret") as client:
        answer = rollback(client=client)
    assert answer.status_code == 409
    assert "no earlier generation" in answer.parsed.error
