"""Valid and invalid requests generated from /openapi.json, with every check of schemathesis.

The suite sends some hundreds; `make fuzz` sends more than 20,000, different ones each time.
"""

from __future__ import annotations

import os
import subprocess
import sys
from pathlib import Path

import pytest

from config import PROJECT_ROOT
from tests.support.process import Server

EXAMPLES = int(os.environ.get("FUZZ_EXAMPLES", "0"))
"""Requests per operation and way of generating them, to send more than the suite does."""

HOOKS = {"SCHEMATHESIS_HOOKS": "tests.support.schemathesis_hooks", "PYTHONPATH": str(PROJECT_ROOT)}


@pytest.mark.timeout(0 if EXAMPLES else 300)
def test_schemathesis_finds_nothing_to_complain_about(
    running: Server, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    extent = [f"--max-examples={EXAMPLES}"] if EXAMPLES else ["--max-examples=15", "--seed=1"]
    # One worker: in several threads, Python 3.11 can lose count of how deep it parses.
    command = [sys.executable, "-m", "schemathesis.cli", "run", running.url + "/openapi.json"]
    done = subprocess.run(
        [*command, "--checks=all", "--workers=1", "--no-color", *extent],
        cwd=tmp_path,
        env=os.environ | HOOKS,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    with capsys.disabled():
        if EXAMPLES:
            sys.stdout.write(done.stdout)
    assert done.returncode == 0, done.stdout
    assert "generated" in done.stdout
    assert len(running.workers()) == 3
    assert "Traceback" not in running.stderr()
