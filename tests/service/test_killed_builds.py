"""The builder is killed at any moment; the service answers as before and can reload at once."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from pathlib import Path
from random import Random

import psutil
import pytest

from config import Config
from processes.start_build import BUILDER_MODULE
from tests.support.artifacts import tiny_user_names, write_tiny_data
from tests.support.process import Server, serving, until
from tests.support.services import copy_of

N_KILLS = 8
"""Moments in the suite; 20 and more were tried."""
USERS = ",".join([*tiny_user_names(12), "nobody"])


@pytest.fixture
def config(published: Config, tmp_path: Path) -> Config:
    return replace(copy_of(published, tmp_path), workers=2)


def answers(server: Server) -> tuple[str, str]:
    answer = server.get("/recommendations", params={"users": USERS})
    assert answer.status_code == 200
    return answer.headers["X-Generation"], answer.text


def builders(server: Server) -> Iterator[psutil.Process]:
    """Find the builders among all descendants of the server."""
    for process in psutil.Process(server.process.pid).children(recursive=True):
        try:
            if BUILDER_MODULE in process.cmdline():
                yield process
        except psutil.Error:  # it has just ended
            continue


def reload_and_kill(server: Server, after_s: float) -> int:
    """Ask for a reload, kill its builder after a while, and give the answer's status."""
    with ThreadPoolExecutor(1) as pool:
        reload = pool.submit(server.post, "/reload")
        until(lambda: any(builders(server)) or reload.done())
        time.sleep(after_s)
        for builder in builders(server):
            builder.send_signal(signal.SIGKILL)
        answer = reload.result()
    if answer.status_code == 503:
        assert "stopped by signal 9" in answer.json()["error"]
        assert "continues as before" in answer.json()["error"]
    return answer.status_code


@pytest.mark.slow
@pytest.mark.timeout(1_200)
def test_a_builder_killed_at_random_moments_changes_nothing(config: Config) -> None:
    folder, random = config.data_path.parent, Random(0)
    with serving(config) as server:
        write_tiny_data(folder, seed=100)
        started = time.monotonic()
        assert server.post("/reload").status_code == 200
        whole_s = time.monotonic() - started
        n_stopped = 0
        for number in range(N_KILLS):
            before = answers(server)
            write_tiny_data(folder, seed=101 + number)  # so that there is much to build
            status = reload_and_kill(server, random.uniform(0.0, whole_s))
            assert status in (200, 503)
            if status == 503:
                n_stopped += 1
                assert answers(server) == before
            else:
                assert answers(server)[0] != before[0]
        assert n_stopped >= N_KILLS // 3
        write_tiny_data(folder, seed=99)
        assert server.post("/reload").status_code == 200
    left = sorted(path.name for path in config.snapshot_path.iterdir())
    assert not [name for name in left if name.startswith(("building-", ".current-"))]
    assert len(list((config.snapshot_path / "generations").iterdir())) <= 3


def test_the_reload_after_a_killed_one_succeeds(config: Config) -> None:
    with serving(config) as server:
        before = answers(server)
        write_tiny_data(config.data_path.parent, seed=7)
        assert reload_and_kill(server, 0.0) == 503
        assert answers(server) == before
        after = server.post("/reload")
        assert after.status_code == 200
        assert answers(server)[0] == after.json()["generation"] != before[0]
