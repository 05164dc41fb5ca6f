"""Every worker of a real server follows the rules within a second, and ends them by itself."""

from __future__ import annotations

import time
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
import requests

from config import Config
from tests.support.process import Server, serving
from tests.support.services import copy_of

ITEM = "blue kettle"
USERS = "users=zoe&n=20"
ASKED = 60
"""Connections, each of which the kernel gives to one of the workers."""


@pytest.fixture(scope="module")
def server(published: Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    config = copy_of(published, tmp_path_factory.mktemp("ruled"), workers=4)
    with serving(config) as server:
        yield server


def put(server: Server, *rules: dict[str, Any]) -> None:
    answer = requests.put(f"{server.url}/rules", json={"rules": list(rules)}, timeout=30)
    assert answer.status_code == 200, answer.text


def hidden(server: Server) -> list[bool]:
    """Ask over new connections whether the item is missing."""
    found = []
    for _ in range(ASKED):
        [listed] = server.get(f"/recommendations?{USERS}").json().values()
        found.append(ITEM not in listed)
    return found


def test_all_workers_follow_within_a_second(server: Server) -> None:
    put(server)
    assert not any(hidden(server))
    for turn in range(3):
        put(server, {"id": "no kettle", "action": "hide", "item": ITEM})
        time.sleep(0.5)
        assert all(hidden(server)), turn
        assert requests.post(f"{server.url}/rules/rollback", timeout=30).status_code == 200
        time.sleep(0.5)
        assert not any(hidden(server)), turn


def test_a_rule_ends_by_itself_on_all_workers(server: Server) -> None:
    ends_at = datetime.now(UTC) + timedelta(seconds=3)
    until = ends_at.isoformat(timespec="milliseconds")
    put(server, {"id": "short", "action": "hide", "item": ITEM, "until": until})
    time.sleep(0.5)
    found = hidden(server)
    assert datetime.now(UTC) < ends_at
    assert all(found)
    time.sleep(max(0.0, (ends_at - datetime.now(UTC)).total_seconds()))
    assert not any(hidden(server))


def test_damaged_files_leave_the_rules_in_force_and_a_new_worker_finds_them(
    published: Config, tmp_path: Path
) -> None:
    config = copy_of(published, tmp_path, workers=2)
    with serving(config) as server:
        put(server, {"id": "no kettle", "action": "hide", "item": ITEM})
        time.sleep(0.5)
        (config.snapshot_path / "rules" / "current").unlink()
        assert all(hidden(server))
    with serving(config) as server:
        assert all(hidden(server))
        [problem] = server.get("/rules").json()["problems"]
        assert "rules/current is missing. Version 1 of the rules stays" in problem["problem"]
