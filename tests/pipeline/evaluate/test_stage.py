"""`evaluate` as a command: what it writes and shows, and what it refuses."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest

from pipeline.evaluate.stage import write_metrics
from storage.artifacts import ArtifactPaths
from tests.support.artifacts import write_tiny_artifacts
from tests.support.stages import config_of, run_stage

pytestmark = [
    pytest.mark.pipeline,
    # Keras 3.15 copies its variables in a way that NumPy 2 no longer likes.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


def test_stage_writes_the_numbers_and_shows_them(
    paths: ArtifactPaths, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    target = tmp_path / "metrics.json"
    assert run_stage(config_of(paths), "evaluate", "--rivals", "mission", "--metrics", target) == 0
    numbers = json.loads(target.read_text())
    assert list(numbers["ranking"]) == ["stale", "fresh"]
    assert list(numbers["ranking"]["fresh"]["models"]) == ["network", "popularity", "ALS"]
    assert len(numbers["data"]["fingerprint"]) == 64
    shown = capsys.readouterr().out
    assert "60 test pairs of 60 users" in shown
    assert "random order" in shown


def test_a_model_of_other_widths_is_refused_with_both(
    paths: ArtifactPaths, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    other = write_tiny_artifacts(tmp_path, width=5)
    config = replace(config_of(paths), model_path=other.model.parent)
    target = tmp_path / "metrics.json"
    assert run_stage(config, "evaluate", "--metrics", target) == 2
    message = capsys.readouterr().err
    assert "widths (5, 5, 5, 1); the data has (8, 8, 8, 1)" in message
    assert not target.exists()


def test_data_without_returning_users_is_refused(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    paths = write_tiny_artifacts(tmp_path, n_users=1)
    assert run_stage(config_of(paths), "evaluate", "--metrics", tmp_path / "metrics.json") == 2
    assert "each must be above 0" in capsys.readouterr().err


def test_numbers_that_do_not_exist_become_null(tmp_path: Path) -> None:
    write_metrics({"auc": float("nan"), "hits": [0.12345678]}, tmp_path / "metrics.json")
    assert json.loads((tmp_path / "metrics.json").read_text()) == {"auc": None, "hits": [0.123457]}
