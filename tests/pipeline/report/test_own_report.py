"""Numbers of one's own data lie beside one's model; the project's files stay as they are."""

from __future__ import annotations

import json
import subprocess
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from config import PROJECT_ROOT, Config
from pipeline import cli
from pipeline.report import notebooks
from pipeline.report.own_page import own_page
from pipeline.report.stage import read_numbers_of
from storage.artifacts import ArtifactPaths
from storage.sources import artifact_paths
from tests.support.services import config_in
from tests.support.tiny_reviews import write_even_artifacts

NOTEBOOKS = ("eda.ipynb", "model_selection.ipynb")

pytestmark = [
    pytest.mark.pipeline,
    # Keras 3.15 copies its variables in a way that NumPy 2 no longer likes.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


def tracked() -> dict[str, bytes]:
    """Contents of the report that is part of the project."""
    return {path.name: path.read_bytes() for path in (PROJECT_ROOT / "report").iterdir()}


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Config]:
    """Settings of a trained and measured shop, in the environment."""
    config = config_in(tmp_path_factory.mktemp("own"))
    write_even_artifacts(config.data_path.parent)
    before = tracked()
    with pytest.MonkeyPatch.context() as patch:
        for name, value in config.as_environment().items():
            patch.setenv(name, value)
        assert cli.main(["train", "--objective", "popularity"]) == 0
        assert cli.main(["evaluate", "--baselines", "minimal"]) == 0
        yield config
    assert tracked() == before


@pytest.fixture
def executed(monkeypatch: pytest.MonkeyPatch) -> list[tuple[str, Path, Path]]:
    """What would have been executed: name, folder of the model and target of each notebook."""
    found: list[tuple[str, Path, Path]] = []

    def execute(names: list[str], config: Config, folder: Path) -> None:
        found.extend((name, config.model_path, folder) for name in names)

    monkeypatch.setattr(notebooks, "execute", execute)
    return found


def test_numbers_lie_beside_the_model(config: Config) -> None:
    numbers = json.loads((config.model_path / "metrics.json").read_text())
    assert "popularity model" in numbers["ranking"]["fresh"]["models"]


def test_report_shows_the_numbers_of_the_own_model_beside_it(config: Config) -> None:
    assert cli.main(["report"]) == 0
    page = (config.model_path / "report" / "README.md").read_text()
    assert "**your reviews**" in page
    assert "| popularity model |" in page
    assert "bundled sample" not in page


def test_the_model_card_beside_the_page_is_about_the_own_model(config: Config) -> None:
    assert cli.main(["report"]) == 0
    card = (config.model_path / "report" / "model_card.md").read_text()
    assert "* Model: popularity" in card
    assert "| in service: popularity model |" in card
    assert "| items that the user had |" in card


def test_a_model_trained_after_the_figures_has_a_card_without_them(
    config: Config, tmp_path: Path
) -> None:
    from pipeline.report.stage import _write_card

    metrics, model = config.model_path / "metrics.json", tmp_path / "best_model.keras"
    model.write_bytes(b"another one")
    _write_card(model, metrics, tmp_path)
    assert "Nothing was measured of this model" in (tmp_path / "model_card.md").read_text()


def test_measuring_for_the_report_runs_copies_of_both_notebooks(
    config: Config,
    executed: list[tuple[str, Path, Path]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("pipeline.evaluate.stage.measure", lambda *_: None)  # numbers are there
    assert cli.main(["report", "--measure"]) == 0
    target = config.model_path / "report"
    assert executed == [(name, config.model_path, target) for name in NOTEBOOKS]


def test_the_project_s_report_is_about_the_bundled_sample_whatever_the_folders_hold(
    config: Config,  # in the environment
    executed: list[tuple[str, Path, Path]],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    measured: list[tuple[Path, Path]] = []

    def measure(of: Config, _options: Any, path: Path, _console: Any) -> None:
        measured.append((of.model_path, path))

    monkeypatch.setattr("pipeline.evaluate.stage.measure", measure)
    assert cli.main(["report", "--measure", "--project"]) == 0
    report, sample = PROJECT_ROOT / "report", PROJECT_ROOT / "data" / "sample" / "models"
    assert measured == [(sample, report / "metrics.json")]
    assert executed == [(name, sample, report) for name in NOTEBOOKS]
    assert config.model_path != sample


def test_numbers_of_other_data_are_refused(config: Config, tmp_path: Path) -> None:
    numbers = json.loads((config.model_path / "metrics.json").read_text())
    numbers["data"]["fingerprint"] = "0" * 64
    stale = tmp_path / "metrics.json"
    stale.write_text(json.dumps(numbers))
    paths: ArtifactPaths = artifact_paths(config)
    assert read_numbers_of(paths, config.model_path / "metrics.json")
    for path, message in ((stale, "about other data"), (tmp_path / "none", "can't be read")):
        with pytest.raises(ValueError, match=message):
            read_numbers_of(paths, path)


def test_the_page_says_why_a_fallback_is_served_and_that_nothing_was_measured() -> None:
    refused = {"ranker": {"reason": "Nobody came back.", "needed": "Give more reviews"}}
    page = own_page({"model": "popularity", "instead_of": refused}, None)
    assert "Model: popularity" in page
    assert "* No ranker: Nobody came back. Give more reviews." in page
    assert "Nothing was measured" in page


def test_what_a_run_writes_is_ignored_by_git() -> None:
    written = ("models/metrics.json", "models/report/README.md", "models/report/eda.ipynb")
    ended = subprocess.run(
        ["git", "check-ignore", *written],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if ended.returncode == 128:
        pytest.skip("not a git checkout")
    assert ended.stdout.split() == list(written)
