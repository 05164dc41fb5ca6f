"""The notebooks run from top to bottom on any artifacts, import and display only, and tell no secrets."""

from __future__ import annotations

import ast
import json
from pathlib import Path
from typing import Any

import pytest

from config import PROJECT_ROOT
from storage.artifacts import ArtifactPaths
from tests.support.tiny_reviews import write_even_artifacts

REPORT = PROJECT_ROOT / "report"
NAMES = ("eda.ipynb", "model_selection.ipynb")
MAX_BYTES = 1_000_000

pytestmark = pytest.mark.pipeline


def read(name: str) -> Any:
    return json.loads((REPORT / name).read_text(encoding="utf-8"))


def code_of(notebook: Any) -> str:
    cells = [cell for cell in notebook["cells"] if cell["cell_type"] == "code"]
    return "\n".join("".join(cell["source"]) for cell in cells)


def texts_of(notebook: Any) -> list[str]:
    """All that a reader of the outputs can see as text."""
    outputs = [output for cell in notebook["cells"] for output in cell.get("outputs", [])]
    data = [part for output in outputs for part in output.get("data", {}).items()]
    shown = ["".join(value) for kind, value in data if kind.startswith("text/")]
    return shown + ["".join(output.get("text", "")) for output in outputs]


@pytest.fixture(scope="module")
def even_artifacts(tmp_path_factory: pytest.TempPathFactory) -> ArtifactPaths:
    from rich.console import Console

    from pipeline.train.model_card import save_model
    from pipeline.train.rating.data import read_features, read_interactions
    from pipeline.train.rating.plan import RatingPlan
    from pipeline.train.rating.stage import train

    paths = write_even_artifacts(tmp_path_factory.mktemp("even"))
    features = read_features(paths)
    interactions = read_interactions(paths.clean, features)
    trained = train(features, interactions, RatingPlan(epochs=2), Console(quiet=True))
    save_model(trained.model, trained.facts, paths.model)
    return paths


@pytest.mark.slow
@pytest.mark.filterwarnings("ignore::DeprecationWarning")  # of Keras and of Jupyter's own libraries
@pytest.mark.parametrize("name", NAMES)
def test_notebook_runs_on_the_artifacts_that_the_environment_names(
    name: str, even_artifacts: ArtifactPaths, monkeypatch: pytest.MonkeyPatch
) -> None:
    import nbformat
    from nbclient import NotebookClient

    monkeypatch.setenv("PYTHONPATH", str(PROJECT_ROOT))
    monkeypatch.setenv("DATA_PATH", str(even_artifacts.clean.parent))
    monkeypatch.setenv("EMBEDDINGS_PATH", str(even_artifacts.item_desc.parent))
    monkeypatch.setenv("MODEL_PATH", str(even_artifacts.model.parent))
    notebook = nbformat.read(REPORT / name, as_version=4)
    client = NotebookClient(
        notebook, timeout=240, kernel_name="python3", resources={"metadata": {"path": str(REPORT)}}
    )
    client.execute()
    shown = json.dumps(notebook)
    assert "image/png" in shown
    assert "650 ratings" in shown or "60 users, 60 cases" in shown
    assert str(even_artifacts.clean.parent) not in shown


@pytest.mark.parametrize("name", NAMES)
def test_notebook_imports_and_displays_only(name: str) -> None:
    tree = ast.parse(code_of(read(name)))
    logic = (
        ast.FunctionDef,
        ast.ClassDef,
        ast.For,
        ast.While,
        ast.If,
        ast.Lambda,
        ast.BinOp,
        ast.GeneratorExp,
        ast.ListComp,
    )
    assert not [node for node in ast.walk(tree) if isinstance(node, logic)]
    modules = {
        node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.module
    }
    packages = {name.partition(".")[0] for name in modules}
    assert packages <= {"IPython", "config", "pipeline"}


@pytest.mark.parametrize("name", NAMES)
def test_notebook_states_its_findings_before_its_charts(name: str) -> None:
    titles = [
        line
        for cell in read(name)["cells"]
        if cell["cell_type"] == "markdown"
        for line in "".join(cell["source"]).splitlines()
        if line.startswith("## ")
    ]
    assert titles[0] in ("## Findings", "## Conclusions")


@pytest.mark.parametrize("name", NAMES)
def test_notebook_was_executed_whole_and_its_outputs_are_small(name: str) -> None:
    notebook = read(name)
    counts = [cell["execution_count"] for cell in notebook["cells"] if cell["cell_type"] == "code"]
    assert counts == list(range(1, len(counts) + 1))
    assert (REPORT / name).stat().st_size < MAX_BYTES


@pytest.mark.parametrize("name", NAMES)
def test_notebook_shows_no_paths_and_no_warnings(name: str) -> None:
    for text in texts_of(read(name)):
        assert str(PROJECT_ROOT) not in text
        assert str(Path.home()) not in text or str(Path.home()) == "/"
        assert "warning" not in text.lower()
