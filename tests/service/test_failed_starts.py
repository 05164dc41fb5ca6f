"""A start that fails says why in one sentence, with status 2."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import Config
from tests.support.process import Server, free_port, run_app
from tests.support.services import config_in


def test_a_port_in_use_is_one_sentence_and_status_2(published: Config, running: Server) -> None:
    run = run_app(published, PORT=running.url.rpartition(":")[2])
    assert run.returncode == 2
    [line] = run.stderr.splitlines()
    assert "Address already in use" in line
    assert "PORT" in line


@pytest.mark.parametrize(
    ("variable", "value", "words"),
    [
        ("PORT", "http", "expected a whole number"),
        ("PORT", "70000", "1 to 65535"),
        ("WORKERS", "0", "1 to 256"),
        ("HOST", "no.such.host.invalid", "not an address"),
        ("HOST", "192.0.2.1", "Can't listen"),
        ("LOG_PATH", "/proc/none", "log can't be written"),
    ],
)
def test_a_bad_setting_is_one_sentence_and_status_2(
    published: Config, variable: str, value: str, words: str
) -> None:
    run = run_app(published, **({"PORT": str(free_port())} | {variable: value}))
    assert run.returncode == 2
    [line] = run.stderr.splitlines()
    assert variable in line
    assert words in line


def test_missing_artifacts_are_told_in_a_sentence_with_status_2(tmp_path: Path) -> None:
    run = run_app(config_in(tmp_path, port=free_port()))
    assert run.returncode == 2
    assert "Traceback" not in run.stderr
    assert "is missing" in run.stderr.splitlines()[-1]
