"""Builds here, in the test's own process, what a reload builds in a process of its own."""

from __future__ import annotations

import io
import json
from collections.abc import Callable
from contextlib import redirect_stdout

import pytest

from classes.snapshot_store import SnapshotStore
from config import Config
from processes import build_snapshot


def open_store_here(config: Config) -> SnapshotStore:
    """A store that builds in this process, where Keras is imported once and not for every build."""
    return SnapshotStore(config, build=_build_here)


def _build_here(
    config: Config,
    lock: int,
    *,
    data: bool,
    model: bool,
    announce: Callable[[str], None],
    publish: bool = True,
) -> None:
    build_snapshot.build_and_publish(config, data=data, model=model, say=announce, publish=publish)


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
