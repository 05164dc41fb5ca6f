from __future__ import annotations

import time
from datetime import datetime

import numpy as np
import pytest
from flask.testing import FlaskClient

from api.contract.openapi import VERSION
from app import create_app
from classes.errors import NoSnapshotError
from classes.model import Model
from classes.snapshot_store import SnapshotStore
from config import Config
from storage.run_folder import RunFolder
from tests.support.problem import assert_problem
from tests.support.recording_store import RecordingStore
from tests.support.services import config_in


def test_live_answers_whatever_is_loaded(client: FlaskClient) -> None:
    nothing = RecordingStore(error=NoSnapshotError("Nothing is published."))
    for each in (client, create_app(Config(), nothing).test_client()):
        answer = each.get("/health/live")
        assert (answer.status_code, answer.get_json()) == (200, {"status": "alive"})


def test_ready_says_what_is_served_and_how_well(client: FlaskClient, store: SnapshotStore) -> None:
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    found = answer.get_json()
    snapshot = store.current()
    assert found["status"] == "ready"
    assert found["generation"] == answer.headers["X-Generation"] == snapshot.generation
    assert found["engine"] == snapshot.model.describe()
    assert found["slow_reason"] is None
    assert (found["users"], found["items"], found["top_lists"]) == (12, 20, 0.0)
    assert found["version"] == VERSION
    assert 0 <= found["uptime_s"] < 3_600
    assert 0 <= found["data_age_s"] < 3_600
    read_at = datetime.fromisoformat(found["data_read_at"]).timestamp()
    assert abs(read_at + found["data_age_s"] - time.time()) < 5
    assert answer.headers["Cache-Control"] == "no-store"


def test_nothing_loaded_is_not_ready() -> None:
    nothing = RecordingStore(error=NoSnapshotError("Nothing is published."))
    answer = create_app(Config(), nothing).test_client().get("/health/ready")
    assert_problem(answer, 503, "Nothing is published")


def test_a_snapshot_that_can_not_score_is_not_ready(
    store: SnapshotStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    def fail(*args: object, **kwargs: object) -> None:
        raise FloatingPointError("a page of the item half is gone")

    client = create_app(Config(), RecordingStore(store.current())).test_client()
    monkeypatch.setattr(Model, "top_k", fail)
    answer = client.get("/health/ready")
    assert_problem(answer, 503, store.current().generation, "a page of the item half is gone")


def test_the_check_runs_once_for_a_snapshot(
    store: SnapshotStore, monkeypatch: pytest.MonkeyPatch
) -> None:
    client = create_app(Config(), RecordingStore(store.current())).test_client()
    scored: list[np.ndarray] = []
    top_k = Model.top_k
    monkeypatch.setattr(
        Model, "top_k", lambda self, *args: scored.append(args) or top_k(self, *args)
    )
    assert [client.get("/health/ready").status_code for _ in range(3)] == [200] * 3
    assert len(scored) == 1


def test_a_server_about_to_stop_is_not_ready_but_answers(
    published: Config, store: SnapshotStore, tmp_path
) -> None:
    config = config_in(tmp_path)
    run = RunFolder(config.run_path)
    run.begin()
    client = create_app(config, RecordingStore(store.current())).test_client()
    assert client.get("/health/ready").status_code == 200
    run.drain()
    assert_problem(client.get("/health/ready"), 503, "about to stop")
    assert client.get("/health/live").status_code == 200
    assert client.get("/recommendations?users=zoe").status_code == 200
    RunFolder(config.run_path).begin()
    assert client.get("/health/ready").status_code == 200


def test_no_age_is_negative_after_the_clock_was_set_back(
    client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(time, "time", lambda: 0.0)
    answer = client.get("/health/ready").get_json()
    assert (answer["uptime_s"], answer["data_age_s"]) == (0.0, 0.0)


@pytest.mark.parametrize("path", ["/health/live", "/health/ready", "/metrics"])
def test_operations_endpoints_take_no_parameters(client: FlaskClient, path: str) -> None:
    assert_problem(client.get(f"{path}?verbose=1"), 400, "'verbose'")
