"""Imports run one way, and serving stays free of the pipeline's heavy packages (DESIGN 1)."""

from __future__ import annotations

import ast
import subprocess
import sys
from pathlib import Path

import pytest

from config import PROJECT_ROOT

ROOMS = {
    "config": set(),
    "recsys": {"config"},
    "classes": {"config", "recsys", "logs"},
    "logs": {"config"},
    "api": {"config", "recsys", "classes", "logs"},
    "server": {"config", "logs"},
    "app": {"config", "recsys", "classes", "api", "server", "logs"},
    "pipeline": {"config", "recsys", "classes"},
}
"""What each room may import besides itself."""

NOT_IMPORTED = {"app", "pipeline", "report", "tests", "benchmarks", "scripts"}
SERVING = ("app", "server", "logs", "api", "classes", "recsys", "config")
FORBIDDEN_IN_SERVING = {"torch", "sentence_transformers", "sklearn", "implicit", "transformers"}
ONLY_WHERE_SNAPSHOTS_ARE_BUILT = {"tensorflow", "keras"}


def sources(room: str) -> list[Path]:
    single = PROJECT_ROOT / f"{room}.py"
    return [single] if single.exists() else sorted((PROJECT_ROOT / room).rglob("*.py"))


def imports(path: Path) -> set[str]:
    """First names of the modules that a file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found |= {alias.name.partition(".")[0] for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            found.add(str(node.module).partition(".")[0])
    return found


@pytest.mark.parametrize("room", ROOMS)
def test_imports_run_one_way(room: str) -> None:
    ours = set(ROOMS) | NOT_IMPORTED
    for path in sources(room):
        breach = (imports(path) & ours) - ROOMS[room] - {room}
        assert not breach, f"{path.relative_to(PROJECT_ROOT)} imports {sorted(breach)}"


@pytest.mark.parametrize("room", SERVING)
def test_serving_names_no_package_of_the_pipeline_group(room: str) -> None:
    for path in sources(room):
        breach = imports(path) & FORBIDDEN_IN_SERVING
        assert not breach, f"{path.relative_to(PROJECT_ROOT)} imports {sorted(breach)}"


def test_every_room_is_where_the_test_looks() -> None:
    assert all(sources(room) for room in ROOMS)


def test_an_app_can_be_made_without_any_heavy_package() -> None:
    heavy = sorted(FORBIDDEN_IN_SERVING | ONLY_WHERE_SNAPSHOTS_ARE_BUILT)
    program = (
        "import sys, app; app.create_app();"
        f"print([name for name in {heavy} if name in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 0, run.stderr
    assert run.stdout.strip() == "[]"
