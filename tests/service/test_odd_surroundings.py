"""Machines that are not as the service would like them: it says so, or does without."""

from __future__ import annotations

import subprocess
import sys

from config import PROJECT_ROOT, Config
from tests.support.process import environment, free_port


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
