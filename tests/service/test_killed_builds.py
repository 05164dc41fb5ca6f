"""The builder is killed after each thing it makes; the service answers as before and can reload at once."""

from __future__ import annotations

import signal
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from dataclasses import replace
from pathlib import Path
from typing import cast

import psutil
import pytest
import requests

from config import Config
from processes.start_build import BUILDER_MODULE
from storage.snapshot_folder import SnapshotFolder
from tests.support.artifacts import tiny_user_names, write_tiny_data
from tests.support.process import Server, serving, until
from tests.support.services import copy_of

MOMENTS = {
    "it has started": "",
    "it has begun to write": "building-*",
    "it has written the data": "building-*/data/manifest.json",
    "it has written the model": "building-*/model/manifest.json",
    "the generation is in its place": "generations/*",
}
"""What the builder has just made below the snapshot folder when it is killed."""
USERS = ",".join([*tiny_user_names(12), "nobody"])


@pytest.fixture(scope="module")
def config(published: Config, tmp_path_factory: pytest.TempPathFactory) -> Config:
    return replace(copy_of(published, tmp_path_factory.mktemp("killed")), workers=2)


@pytest.fixture(scope="module")
def server(config: Config) -> Iterator[Server]:
    with serving(config) as server:
        yield server


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


def reload_and_kill(server: Server, root: Path, pattern: str) -> requests.Response:
    """Ask for a reload, and kill its builder as soon as it has made what the pattern names."""
    earlier = set(root.glob(pattern)) if pattern else set()
    with ThreadPoolExecutor(1) as pool:
        reload = pool.submit(server.post, "/reload")
        until(lambda: any(builders(server)) or reload.done())
        [builder] = builders(server)
        while pattern and not set(root.glob(pattern)) - earlier and not reload.done():
            time.sleep(0.0005)
        with suppress(psutil.NoSuchProcess):
            builder.send_signal(signal.SIGKILL)
        return reload.result()


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_builder_killed_when_it_has_come_so_far_changes_nothing(
    server: Server, config: Config, moment: str
) -> None:
    before = answers(server)
    write_tiny_data(config.data_path.parent, seed=100 + [*MOMENTS].index(moment))
    answer = reload_and_kill(server, config.snapshot_path, MOMENTS[moment])
    if answer.status_code == 200 and moment == "the generation is in its place":
        assert answers(server)[0] != before[0]  # it was published before the signal came
        return
    assert answer.status_code == 503
    assert "stopped by signal 9" in answer.json()["error"]
    assert "continues as before" in answer.json()["error"]
    assert answers(server) == before


def test_the_reload_after_a_killed_one_succeeds_and_leaves_nothing_of_it(
    server: Server, config: Config
) -> None:
    before = answers(server)
    write_tiny_data(config.data_path.parent, seed=7)
    killed = reload_and_kill(server, config.snapshot_path, MOMENTS["it has begun to write"])
    assert killed.status_code == 503
    assert answers(server) == before
    after = server.post("/reload")
    assert after.status_code == 200
    assert answers(server)[0] == after.json()["generation"] != before[0]
    left = sorted(path.name for path in config.snapshot_path.iterdir())
    assert not [name for name in left if name.startswith(("building-", ".current-"))]
    assert len(list((config.snapshot_path / "generations").iterdir())) <= 3


@pytest.mark.slow
def test_a_worker_killed_while_it_reloads_changes_nothing_and_frees_the_lock(
    server: Server, config: Config
) -> None:
    before = answers(server)
    write_tiny_data(config.data_path.parent, seed=8)
    with ThreadPoolExecutor(1) as pool:
        reload = pool.submit(server.post, "/reload")
        until(lambda: any(builders(server)))
        [builder] = builders(server)
        worker = cast(psutil.Process, builder.parent())
        worker.kill()
        with pytest.raises(requests.ConnectionError):
            reload.result()
    psutil.wait_procs([builder], timeout=30)  # it ends at the next thing that it has to report
    assert answers(server) == before
    with SnapshotFolder(config.snapshot_path).lock() as lock:
        assert lock is not None
