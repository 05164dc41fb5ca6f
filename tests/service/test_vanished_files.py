"""Files of a running service that somebody removes: it continues, and they come back."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from pathlib import Path
from threading import Event

import pytest

from config import Config
from tests.support.process import Server, serving, until
from tests.support.services import copy_of

PATHS = (
    "/recommendations?users=kelly+sullivan,nobody",
    "/recommendations?users=kelly+sullivan&exclude_seen=false",
    "/recommendations?history=blue+lamp",
)


@contextmanager
def asking(server: Server) -> Iterator[list[tuple[int, str, str]]]:
    """Ask over many connections until the block ends; collect status, generation and body."""
    ended, answers = Event(), []

    def ask(path: str) -> None:
        while not ended.is_set():
            answer = server.get(path)
            answers.append(
                (answer.status_code, answer.headers.get("X-Generation", ""), answer.text)
            )
            time.sleep(0.01)  # the rebuild needs a processor too

    with ThreadPoolExecutor(len(PATHS)) as pool:
        tasks = [pool.submit(ask, path) for path in PATHS]
        try:
            yield answers
        finally:
            ended.set()
            for task in tasks:
                task.result()


@pytest.mark.slow
def test_a_removed_snapshot_folder_fails_no_request_and_is_rebuilt_once(
    published: Config, tmp_path: Path
) -> None:
    config = copy_of(published, tmp_path)
    with serving(config) as server:
        until(lambda: len(server.workers()) == config.workers)
        with ThreadPoolExecutor(8) as pool:  # every worker has mapped it
            list(pool.map(server.get, PATHS * 20))
        with asking(server) as answers:
            shutil.rmtree(config.snapshot_path)
            until(lambda: "is back" in server.stderr())
        assert {status for status, _, _ in answers} == {200}
        [generation] = {generation for _, generation, _ in answers}
        assert len({body for _, _, body in answers}) == len(PATHS)
        assert (config.snapshot_path / "generations" / generation / "manifest.json").exists()
        assert server.stderr().count("is back") == 1
        assert "Traceback" not in server.stderr()
