"""Builds here, in the test's own process, what a reload builds in a process of its own."""

from __future__ import annotations

import io
import json
from contextlib import redirect_stdout

import pytest

from config import Config
from processes import build_snapshot


def build(config: Config, *parts: str) -> tuple[str, str]:
    """Build the parts, "data" and "model"; give the ending and its sentence.

    The endings are "published", "refused", "conflict" and "failed".
    """
    said = io.StringIO()
    with pytest.MonkeyPatch.context() as environment, redirect_stdout(said):
        for variable, value in config.as_environment().items():
            environment.setenv(variable, value)
        assert build_snapshot.main(parts) == 0
    lines = [line for line in said.getvalue().splitlines() if line.startswith("{")]
    [(ending, words)] = json.loads(lines[-1]).items()
    return ending, words
