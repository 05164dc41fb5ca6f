"""Who may send events, and what operators see of them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import create_app
from classes.snapshot_store import SnapshotStore
from config import Config
from tests.support.building import open_store_here
from tests.support.problem import assert_problem
from tests.support.sent_events import event, send
from tests.support.services import copy_of


def test_only_those_with_the_token_may_send_events(published: Config, tmp_path: Path) -> None:
    config = copy_of(published, tmp_path, events_token="shop", admin_token="boss")
    client = create_app(config, open_store_here(config)).test_client()
    body = {"events": [event()]}
    assert_problem(client.post("/events", json=body), 401, "EVENTS_TOKEN")
    for wrong in ("boss", "sho", "shop "[::-1]):
        headers = {"Authorization": f"Bearer {wrong}"}
        assert_problem(client.post("/events", json=body, headers=headers), 401, "EVENTS_TOKEN")
    headers = {"Authorization": "Bearer shop"}
    assert client.post("/events", json=body, headers=headers).status_code == 202


@pytest.mark.parametrize(
    "surroundings",
    [
        {"environ_base": {"REMOTE_ADDR": "192.0.2.7"}},
        {"headers": {"X-Forwarded-For": "127.0.0.1"}},
        {"headers": {"Origin": "https://shop.example"}},
        {"headers": {"Host": "shop.example"}},
    ],
)
def test_without_a_token_only_this_machine_may_send_events(
    client: FlaskClient, surroundings: dict[str, Any]
) -> None:
    answer = client.post("/events", json={"events": [event()]}, **surroundings)
    assert_problem(answer, 403, "Set EVENTS_TOKEN")
    send(client, event())


def test_a_full_store_is_a_503_that_says_when_to_try_again_and_takes_nothing(
    published: Config, tmp_path: Path
) -> None:
    config = copy_of(published, tmp_path, events_backlog=2)
    store = open_store_here(config)
    client = create_app(config, store).test_client()
    answer = client.post("/events", json={"events": [event()] * 3})
    assert_problem(answer, 503, "EVENTS_BACKLOG")
    assert int(answer.headers["Retry-After"]) > 0
    assert store.events.n_events == 0
    assert client.get("/recommendations?users=zoe").status_code == 200
    assert 'recommender_events_total{outcome="failed"} 3.0' in client.get("/metrics").text


def test_metrics_count_events_by_what_became_of_them(client: FlaskClient) -> None:
    send(client, event(id="a"), event(id="a"), event(kind="click"))
    send(client, event(id="b"))
    text = client.get("/metrics").text
    for outcome, n_events in (("taken", 2), ("repeated", 1), ("refused", 1)):
        assert f'recommender_events_total{{outcome="{outcome}"}} {n_events}.0' in text
    assert "\nrecommender_events_up 1.0\n" in text
    assert "\nrecommender_events_stored 2.0\n" in text
    assert "\nrecommender_events_last_sequence 1." in text


def test_no_name_of_an_event_reaches_the_log(
    client: FlaskClient, caplog: pytest.LogCaptureFixture, store: SnapshotStore
) -> None:
    send(client, event(user="Bartholomew"), event(user="Bartholomew", kind="click"))
    (store.events._files.database.folder / "key").write_bytes(b"x" * 32)
    store.events._files._written = None
    answer = client.post("/events", json={"events": [event(user="Bartholomew")]})
    assert_problem(answer, 503, "another key")
    assert "another key" in caplog.text
    assert "artholomew" not in caplog.text.lower()
