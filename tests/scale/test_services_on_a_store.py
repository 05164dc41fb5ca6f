"""Three real services with caches of their own on one real store, which ends and comes back."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import ExitStack
from dataclasses import replace
from http import HTTPStatus
from pathlib import Path
from typing import Any, NamedTuple

import pytest
from requests import Response

from benchmarks.replicas.object_server import SECRET_KEY, ObjectServer
from config import Config
from storage.remote.object_store import ObjectStore
from tests.support.artifacts import write_tiny_artifacts
from tests.support.process import Server, free_port, run_app, serving, until
from tests.support.services import config_in

pytestmark = [pytest.mark.scale, pytest.mark.timeout(900)]

FOLDERS = ("data", "embeddings", "models")


class Fleet(NamedTuple):
    """Services on a store; the first reads artifacts from the store, the others have none."""

    store: ObjectServer
    configs: list[Config]
    services: list[Server]

    def generations(self) -> list[str]:
        return [
            each.get("/recommendations?users=x").headers["X-Generation"] for each in self.services
        ]

    def follow_to(self, generation: str) -> None:
        until(lambda: set(self.generations()) == {generation})

    def operate(self, number: int, path: str) -> Response:
        """Send an operator's request, again while the service is busy following the others."""
        while True:
            answer = self.services[number].post(path)
            if answer.status_code != HTTPStatus.CONFLICT or "Retry-After" not in answer.headers:
                return answer
            time.sleep(0.1)

    def stores(self) -> list[dict[str, Any]]:
        return [each.get("/health/ready").json()["store"] for each in self.services]


def put_artifacts(store: ObjectServer, folder: Path) -> None:
    for name in FOLDERS:
        place = ObjectStore(store.url(name))
        for path in (folder / name).iterdir():
            place.upload(path.name, path)


@pytest.fixture(scope="module")
def fleet(
    store: ObjectServer, published: Config, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Fleet]:
    folder = tmp_path_factory.mktemp("fleet")
    put_artifacts(store, published.data_path.parent)
    shutil.copytree(published.snapshot_path, folder / "0" / "snapshots")  # it starts at once
    urls = {
        "DATA_PATH": store.url("data"),
        "EMBEDDINGS_PATH": store.url("embeddings"),
        "MODEL_PATH": store.url("models"),
    }
    configs = []
    for number in range(3):
        place = config_in(
            folder / str(number), port=free_port(), workers=2, snapshot_url=store.url("snapshots")
        )
        environment = place.as_environment() | (urls if number == 0 else {})
        configs.append(Config.from_environment(environment))
    with ExitStack() as held:
        services = [held.enter_context(serving(config)) for config in configs]
        yield Fleet(store, configs, services)


def test_services_without_artifacts_serve_what_the_store_has(fleet: Fleet) -> None:
    assert len(set(fleet.generations())) == 1
    answers = {each.get("/recommendations?users=kelly+sullivan").text for each in fleet.services}
    assert len(answers) == 1
    until(lambda: all(state and state["reachable"] for state in fleet.stores()))
    assert [state["behind"] for state in fleet.stores()] == [False] * 3


def test_a_reload_or_rollback_on_any_service_moves_all(fleet: Fleet, tmp_path: Path) -> None:
    [before] = set(fleet.generations())
    write_tiny_artifacts(tmp_path, seed=3)
    put_artifacts(fleet.store, tmp_path)
    reloaded = fleet.operate(0, "/reload")
    assert reloaded.status_code == 200, reloaded.text
    after = reloaded.json()["generation"]
    assert fleet.generations()[0] == after != before
    fleet.follow_to(after)
    back = fleet.operate(1, "/rollback")
    assert back.json() == {"status": "Rolled back successfully.", "generation": before}
    assert fleet.generations()[1] == before
    fleet.follow_to(before)


def test_a_reload_without_artifacts_is_refused_and_moves_nobody(fleet: Fleet) -> None:
    before = fleet.generations()
    refused = fleet.operate(2, "/reload")
    assert refused.status_code == 422
    assert fleet.generations() == before


def test_while_the_store_is_away_all_serve_and_say_so_and_recover(
    fleet: Fleet, tmp_path: Path
) -> None:
    before = fleet.generations()
    fleet.store.kill()
    try:
        until(lambda: not any(state["reachable"] for state in fleet.stores()))
        assert fleet.generations() == before
        assert "\nrecommender_store_up 0.0\n" in fleet.services[1].get("/metrics").text
        refused = fleet.operate(1, "/rollback")
        assert refused.status_code == 503
        assert "s3://" in refused.json()["detail"]
        cached = tmp_path / "cached"
        shutil.copytree(
            fleet.configs[1].snapshot_path,
            cached / "snapshots",
            ignore=shutil.ignore_patterns("run"),
        )
        url = fleet.configs[1].snapshot_url
        with serving(config_in(cached, port=free_port(), workers=1, snapshot_url=url)) as late:
            generation = late.get("/recommendations?users=x").headers["X-Generation"]
            assert generation == before[1]
        empty = run_app(config_in(tmp_path / "empty", port=free_port(), snapshot_url=url))
        assert empty.returncode == 2
        assert "s3://" in empty.stderr
        assert SECRET_KEY not in empty.stderr
    finally:
        fleet.store.start()
    until(lambda: all(state["reachable"] for state in fleet.stores()))
    assert "\nrecommender_store_up 1.0\n" in fleet.services[1].get("/metrics").text
    assert fleet.generations() == before


def test_a_service_whose_cache_is_removed_fetches_it_again(fleet: Fleet) -> None:
    [generation] = set(fleet.generations())
    config = fleet.configs[2]
    shutil.rmtree(config.snapshot_path / "generations")
    until((config.snapshot_path / "generations" / generation / "manifest.json").exists)
    assert fleet.generations()[2] == generation


def test_no_secret_is_written_to_a_log_or_a_snapshot(fleet: Fleet) -> None:
    for config in fleet.configs:
        for path in (*config.log_path.rglob("*"), *config.snapshot_path.rglob("*")):
            if path.is_file():
                assert SECRET_KEY.encode() not in path.read_bytes(), path


def test_a_store_without_its_package_says_how_to_install_it(
    tmp_path: Path, published: Config
) -> None:
    (tmp_path / "without").mkdir()
    (tmp_path / "without" / "sitecustomize.py").write_text(
        "import importlib.util as util\n"
        "find = util.find_spec\n"
        "util.find_spec = lambda name, *more: None if name == 'obstore' else find(name, *more)\n"
    )
    config = replace(config_in(tmp_path), snapshot_url="s3://shop/snapshots", port=free_port())
    failed = run_app(config, PYTHONPATH=str(tmp_path / "without"))
    assert failed.returncode == 2
    assert "make setup-scale" in failed.stderr
