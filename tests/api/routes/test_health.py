from __future__ import annotations

import time
from dataclasses import replace
from datetime import datetime
from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient

from api.contract.openapi import VERSION
from app import create_app
from classes.errors import NoSnapshotError
from classes.model import Model
from classes.publication.store_state import StoreState, StoreStateFile
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
    assert (found["version"], found["store"]) == (VERSION, None)
    assert 0 <= found["uptime_s"] < 3_600
    assert 0 <= found["data_age_s"] < 3_600
    read_at = datetime.fromisoformat(found["data_read_at"]).timestamp()
    assert abs(read_at + found["data_age_s"] - time.time()) < 5
    assert answer.headers["Cache-Control"] == "no-store"


def test_a_store_that_is_away_is_told_by_a_service_that_is_ready_all_the_same(
    published: Config, store: SnapshotStore, tmp_path: Path
) -> None:
    config = replace(published, snapshot_url="s3://shop/p", snapshot_path=tmp_path)
    client = create_app(config, store).test_client()
    assert client.get("/health/ready").get_json()["store"] is None  # not looked at yet
    assert "recommender_store_up" not in client.get("/metrics").text
    state = StoreState(reachable=False, since=1_500_000_000, behind=True, reason="it is away")
    StoreStateFile(config.run_path).write(state)
    answer = client.get("/health/ready")
    assert answer.status_code == 200
    assert answer.get_json()["store"] == {
        "reachable": False,
        "since": "2017-07-14T02:40:00+00:00",
        "behind": True,
    }
    metrics = client.get("/metrics").text
    assert "\nrecommender_store_up 0.0\n" in metrics
    assert "\nrecommender_store_behind 1.0\n" in metrics


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
