from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.cli import main

pytestmark = pytest.mark.pipeline


def test_ray_that_is_not_installed_is_explained(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setattr("pipeline.distributed.cluster.find_spec", lambda _: None)
    assert main(["clean", "--engine", "ray", "--reviews", "reviews.csv"]) == 2
    assert "run `make setup-ray`" in capsys.readouterr().err


def test_an_engine_of_another_name_in_the_environment_is_refused(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], tmp_path: Path
) -> None:
    monkeypatch.setenv("ENGINE", "spark")
    assert main(["clean", "--reviews", str(tmp_path / "reviews.csv")]) == 2
    assert "ENGINE is 'spark'; expected pandas or ray" in capsys.readouterr().err
