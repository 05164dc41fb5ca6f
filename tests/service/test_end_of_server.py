"""The end of the real server: signals, killed parents, and what is finished before."""

from __future__ import annotations

import os
import shutil
import signal
import socket
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from textwrap import dedent
from typing import IO, cast

import psutil
import pytest

from config import PROJECT_ROOT, Config
from tests.support.process import environment, serving, until
from tests.support.services import N_WORKERS, copy_of

# Servers whose workers say that they are busy, and then load for long, for ever, or never answer.
SLOW_START = """
    def load(on_startup, config):
        os.write(1, b"busy\\n")  # in one piece, whoever else writes
        time.sleep(2)
        return create_asgi_app(on_startup, config)
"""
NO_START = SLOW_START.replace("sleep(2)", "sleep(600)")
NO_ANSWER = """
    def load(on_startup, config):
        return wait_for_ever

    async def wait_for_ever(scope, receive, send):
        os.write(1, b"busy\\n")  # in one piece, whoever else writes
        time.sleep(600)
"""
SERVE = """
import os, sys, time
from functools import partial
from app import create_asgi_app
from config import Config
from server.preparation import configure_logging
from server.serving import serve
{load}
config = Config.from_environment()
configure_logging(config)
sys.exit(serve(config, partial(load, config=config), (), lambda: None))
"""


def has_ended(process: psutil.Process) -> bool:
    return not process.is_running() or process.status() == psutil.STATUS_ZOMBIE


@pytest.mark.parametrize("how", [signal.SIGTERM, signal.SIGINT])
def test_a_signal_ends_it_with_status_0_and_nothing_is_left_behind(
    published: Config, tmp_path: Path, how: signal.Signals
) -> None:
    with serving(copy_of(published, tmp_path)) as server:
        family = psutil.Process(server.process.pid).children(recursive=True)
        with socket.create_connection(("127.0.0.1", int(server.url.rpartition(":")[2]))):
            assert server.stop(how) == 0  # an idle connection holds nothing up
        assert not [each for each in family if each.is_running() and each.status() != "zombie"]
        assert "Traceback" not in server.stderr()


def test_ctrl_c_in_a_terminal_ends_it_with_status_0(published: Config, tmp_path: Path) -> None:
    with serving(copy_of(published, tmp_path)) as server:
        os.killpg(server.process.pid, signal.SIGINT)
        assert server.process.wait(timeout=20) == 0


def test_a_request_in_flight_is_finished_after_the_signal(
    published: Config, tmp_path: Path
) -> None:
    with serving(copy_of(published, tmp_path)) as server, ThreadPoolExecutor(1) as pool:
        reload = pool.submit(server.post, "/reload")
        until(lambda: any((tmp_path / "snapshots").glob("building-*")) or reload.done())
        assert server.stop() == 0
        assert reload.result().status_code == 200


def test_while_it_drains_it_answers_but_is_not_ready(published: Config, tmp_path: Path) -> None:
    config = copy_of(published, tmp_path, drain_s=600)
    with serving(config) as server:
        assert server.get("/health/ready").status_code == 200
        server.process.send_signal(signal.SIGTERM)
        until(lambda: server.get("/health/ready").status_code == 503)
        assert "about to stop" in server.get("/health/ready").json()["error"]
        assert server.get("/recommendations?users=zoe").status_code == 200
        assert server.stop() == 0  # a second signal ends the wait


def test_workers_do_not_outlive_a_killed_parent(published: Config, tmp_path: Path) -> None:
    with serving(copy_of(published, tmp_path)) as server:
        workers = [psutil.Process(each) for each in server.workers()]
        server.process.kill()
        until(lambda: all(has_ended(each) for each in workers))


@pytest.mark.parametrize("load", [SLOW_START, NO_START, NO_ANSWER])
def test_busy_workers_do_not_outlive_a_killed_parent(
    published: Config, tmp_path: Path, load: str
) -> None:
    config = copy_of(published, tmp_path, shutdown_timeout_s=2)
    with subprocess.Popen(
        [sys.executable, "-c", SERVE.format(load=dedent(load))],
        cwd=PROJECT_ROOT,
        env=environment(config),
        stdout=subprocess.PIPE,
        text=True,
    ) as process:
        try:  # what is never answered is the server's own request, by which it learns if it is ready
            said = cast(IO[str], process.stdout).readline()
            until(lambda: len(psutil.Process(process.pid).children()) == N_WORKERS)
        finally:
            workers = psutil.Process(process.pid).children()
            process.kill()
    try:
        assert said == "busy\n"
        until(lambda: all(has_ended(each) for each in workers))
    finally:
        for each in workers:
            if each.is_running():
                each.kill()


def test_a_signal_during_the_first_build_ends_it_with_status_0_and_no_builder(
    published: Config, tmp_path: Path
) -> None:
    config = copy_of(published, tmp_path)
    shutil.rmtree(config.snapshot_path)
    process = subprocess.Popen(
        [sys.executable, "app.py"],
        cwd=PROJECT_ROOT,
        env=environment(config),
        stderr=subprocess.PIPE,
        text=True,
    )
    until(lambda: any(config.snapshot_path.glob("building-*")))
    [builder] = psutil.Process(process.pid).children()
    process.terminate()
    _, said = process.communicate(timeout=30)
    assert process.returncode == 0
    assert "Traceback" not in said
    assert not builder.is_running()
