"""Machines that are not as the service would like them: it says so, or does without."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import pytest

from config import PROJECT_ROOT, Config
from storage.run_folder import RunFolder
from tests.support.process import environment, free_port, serving
from tests.support.services import copy_of


@contextmanager
def read_only(folder: Path) -> Iterator[None]:
    """Let nobody write there, not even an administrator, where this machine can do that."""
    path = str(folder)
    done = subprocess.run(
        f"mount --bind {path} {path} && mount -o remount,ro,bind {path}",
        shell=True,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip(f"a folder can't be made read-only here: {done.stderr.strip()}")
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", path], check=True)


@pytest.mark.pipeline  # without its packages, retraining is refused before it needs the folder
def test_a_snapshot_folder_that_cannot_be_written_is_served_and_each_change_says_so(
    published: Config, tmp_path: Path
) -> None:
    config = copy_of(published, tmp_path)
    RunFolder(config.run_path).begin()
    RunFolder(config.run_path).drain()  # an earlier server was stopped
    with read_only(config.snapshot_path), serving(config) as server:
        assert server.get("/health/ready").status_code == 200
        assert server.get("/recommendations?users=kelly+sullivan").status_code == 200
        assert "recommender_requests_total" in server.get("/metrics").text
        for path in ("/reload", "/rollback", "/reload_model?retrain=true"):
            answer = server.post(path)
            assert (answer.status_code, "Read-only" in answer.json()["error"]) == (503, True)
        assert server.get("/jobs").json() == []
        assert server.stop() == 0
    assert "can't be created" in server.stderr()
    assert "Traceback" not in server.stderr()


def test_too_few_open_files_are_one_sentence_and_status_2(published: Config) -> None:
    run = subprocess.run(
        ["bash", "-c", f"ulimit -n 64; exec {sys.executable} app.py"],
        cwd=PROJECT_ROOT,
        env=environment(published) | {"PORT": str(free_port())},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )
    assert run.returncode == 2
    [line] = run.stderr.splitlines()
    assert "may open 64 files" in line
    assert "ulimit -n" in line
