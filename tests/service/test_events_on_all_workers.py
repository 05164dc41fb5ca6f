"""Events on real servers: every worker knows them from the response on, and none is ever lost."""

from __future__ import annotations

import signal
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psutil
import pytest
import requests

from config import Config
from tests.support.process import Server, serving
from tests.support.services import copy_of

ASKED = 12
"""Connections, each of which the kernel gives to one of the workers."""


@pytest.fixture(scope="module")
def server(published: Config, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    config = copy_of(published, tmp_path_factory.mktemp("told"), workers=4)
    with serving(config) as server:
        yield server


def send(server: Server, *users: str, **more: Any) -> requests.Response:
    event = {"item": "blue kettle", "kind": "purchase", "time": 1.7e9, **more}
    return server.post("/events", json={"events": [{**event, "user": user} for user in users]})


def asked(server: Server, user: str) -> list[bool]:
    """Ask over new connections whether a user is known."""
    return [server.get(f"/check_users?users={user}").json()[user] for _ in range(ASKED)]


def test_all_workers_know_an_event_from_the_response_on(server: Server) -> None:
    for turn in range(25):
        user = f"user {turn}"
        assert not any(asked(server, user)[:2])
        assert send(server, user).json() == {"taken": 1, "repeated": 0, "refused": []}
        assert all(asked(server, user)), turn
    assert len(server.workers()) == 4


def test_all_workers_forget_a_user_from_the_response_on(server: Server) -> None:
    for turn in range(5):
        user = f"passing {turn}"
        send(server, user)
        assert all(asked(server, user))
        forgotten = requests.delete(f"{server.url}/users/{user}", timeout=30)
        assert forgotten.json() == {"user": user, "n_events": 1, "n_reviews": 0}
        assert not any(asked(server, user)), turn


def test_an_id_counts_once_whichever_workers_take_it(server: Server) -> None:
    answers = [send(server, "somebody", id="order 7").json() for _ in range(ASKED)]
    assert [each["taken"] for each in answers] == [1] + [0] * (ASKED - 1)
    assert [each["repeated"] for each in answers] == [0] + [1] * (ASKED - 1)


def test_what_was_answered_survives_the_death_of_every_process(
    published: Config, tmp_path: Path
) -> None:
    config = copy_of(published, tmp_path, workers=2)
    for turn in range(3):
        with serving(config) as server:
            for earlier in range(turn):
                assert all(asked(server, f"user {earlier}"))
            assert send(server, f"user {turn}", id=f"id {turn}").status_code == 202
            family = [*psutil.Process(server.process.pid).children(recursive=True)]
            for process in (psutil.Process(server.process.pid), *family):
                process.send_signal(signal.SIGKILL)
    with serving(config) as server:
        assert all(all(asked(server, f"user {turn}")) for turn in range(3))
        assert send(server, "user 0", id="id 0").json()["repeated"] == 1
        text = server.get("/metrics").text
        assert "\nrecommender_events_stored 3.0\n" in text


def test_a_killed_worker_is_replaced_by_one_that_knows_all(
    published: Config, tmp_path: Path
) -> None:
    with serving(copy_of(published, tmp_path, workers=1)) as server:
        send(server, "zoe")
        [worker] = server.workers()
        process = psutil.Process(worker)
        process.kill()
        process.wait(timeout=30)
        while True:
            try:
                assert all(asked(server, "zoe"))
                break
            except requests.ConnectionError:
                continue
        assert send(server, "amir").status_code == 202


def test_without_a_place_for_events_everything_else_is_served(
    published: Config, tmp_path: Path
) -> None:
    (tmp_path / "place").write_text("a file where the folder should be")
    config = copy_of(published, tmp_path / "copy", events_folder=str(tmp_path / "place"))
    with serving(config) as server:
        assert "No events are taken until this is mended" in server.stderr()
        refused = send(server, "zoe")
        assert refused.status_code == 503
        assert int(refused.headers["Retry-After"]) > 0
        assert not any(asked(server, "zoe"))
        assert server.get("/recommendations?users=kelly sullivan").status_code == 200
        (tmp_path / "place").unlink()
        assert send(server, "zoe").status_code == 202
        assert all(asked(server, "zoe"))
