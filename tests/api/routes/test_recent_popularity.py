"""Cold-start lists that begin with what is bought now."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from flask.testing import FlaskClient

from app import create_app
from classes.live import recent_popularity
from classes.snapshot_store import SnapshotStore
from config import Config
from tests.support.artifacts import tiny_item_names
from tests.support.building import open_store_here
from tests.support.services import copy_of

ITEMS = tiny_item_names()
WAIT_S = 20.0


@pytest.fixture
def config(published: Config, tmp_path: Path) -> Config:
    return replace(copy_of(published, tmp_path), cold_start_window_hours=24)


@pytest.fixture
def store(config: Config) -> SnapshotStore:
    config.run_path.mkdir(parents=True, exist_ok=True)
    return open_store_here(config)


@pytest.fixture
def client(config: Config, store: SnapshotStore) -> FlaskClient:
    return create_app(config, store).test_client()


def send(client: FlaskClient, *events: tuple[str, str, str, float]) -> None:
    """Send events: user, item, kind, hours ago; a review has five stars unless it is "poor"."""
    sent: list[dict[str, Any]] = []
    for user, item, kind, hours_ago in events:
        when = datetime.now(UTC) - timedelta(hours=hours_ago)
        values = {"review": {"value": 5}, "poor": {"value": 2}}.get(kind, {})
        said = kind.replace("poor", "review")
        sent.append({"user": user, "item": item, "kind": said, "time": when.isoformat(), **values})
    answer = client.post("/events", json={"events": sent})
    assert answer.get_json()["taken"] == len(sent)


def popular(client: FlaskClient, query: str = "") -> list[str]:
    answer = client.get(f"/recommendations?users=nobody+known&n=4{query}")
    names: list[str] = answer.get_json()["nobody known"]
    return names


def wait_until(is_so: Callable[[], bool]) -> None:
    deadline = time.monotonic() + WAIT_S
    while not is_so():
        assert time.monotonic() < deadline, f"not so within {WAIT_S:g} s"
        time.sleep(0.05)


def test_items_bought_lately_come_first_for_unknown_users(client: FlaskClient) -> None:
    before = popular(client)
    first, second = ITEMS[17], ITEMS[18]
    assert not {first, second} & set(before)
    send(
        client,
        ("a", first, "purchase", 1),
        ("b", first, "review", 2),
        ("c", second, "purchase", 1),
        ("d", second, "view", 1),  # neither looking at it, nor a poor rating, counts
        ("e", second, "poor", 1),
        ("f", second, "purchase", 25),  # too long ago
    )
    expected = [first, second, *before[:2]]
    wait_until(lambda: popular(client) == expected)
    rule = client.get(f"/explain?user=nobody&item={first}").get_json()["rule"]
    assert (rule["place"], rule["n_recent"], rule["window_hours"]) == (1, 2, 24)


def test_rules_and_filters_hold_for_items_bought_lately(client: FlaskClient) -> None:
    before = popular(client)
    send(client, ("a", ITEMS[17], "purchase", 1), ("b", ITEMS[18], "purchase", 1))
    hide = {"rules": [{"id": "gone", "action": "hide", "item": ITEMS[17]}]}
    assert client.put("/rules", json=hide).status_code == 200
    wait_until(lambda: popular(client) == [ITEMS[18], *before[:3]])
    assert popular(client, f"&exclude={ITEMS[18]}") == before


def test_all_workers_share_one_count(
    config: Config, client: FlaskClient, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(recent_popularity, "REFRESH_S", 3_600)
    send(client, ("a", ITEMS[17], "purchase", 1))
    wait_until(lambda: popular(client)[0] == ITEMS[17])
    send(client, ("a", ITEMS[18], "purchase", 1), ("b", ITEMS[18], "purchase", 1))
    other = create_app(config, open_store_here(config)).test_client()
    assert popular(other)[0] == popular(client)[0] == ITEMS[17]


def test_without_the_setting_events_wait_for_the_next_reload(
    published: Config, tmp_path: Path
) -> None:
    config = copy_of(published, tmp_path)
    client = create_app(config, open_store_here(config)).test_client()
    before = popular(client)
    send(client, *[(f"user {number}", ITEMS[17], "purchase", 1) for number in range(50)])
    assert popular(client) == before
