"""Imports run one way, in no circle, and serving stays free of the pipeline's heavy packages."""

from __future__ import annotations

import ast
import re
import subprocess
import sys
from collections import Counter
from functools import cache
from graphlib import CycleError, TopologicalSorter
from pathlib import Path

import pytest

from config import PROJECT_ROOT

BELOW_PIPELINE = {"processes", "classes", "scoring", "storage", "recsys", "config", "log_setup"}

ROOMS = {
    "settings": set(),
    "config": {"settings"},
    "recsys": {"config"},
    "storage": {"config", "recsys"},
    "scoring": {"config", "recsys", "storage"},
    "classes": {"config", "recsys", "storage", "scoring"},
    "log_setup": {"config"},
    "processes": {"config", "recsys", "storage", "scoring", "classes", "log_setup"},
    "api": {"config", "recsys", "storage", "scoring", "classes", "log_setup"},
    "server": {"config", "log_setup", "storage"},
    "app": {*BELOW_PIPELINE, "api", "server"},
    "pipeline": BELOW_PIPELINE,
    "scripts": {*BELOW_PIPELINE, "api", "server", "app"},
    "benchmarks": {*BELOW_PIPELINE, "api", "server", "app", "pipeline"},
}
"""What each room may import besides itself; nothing imports `report` or `tests`."""

STARTED = {"app": {"processes"}, "processes": {"pipeline"}, "scripts": {"pipeline"}}
"""Rooms whose programs a room may start, `python -m ROOM`, though it doesn't import them."""

SERVING = ("app", "settings", *sorted(ROOMS["app"]))
FORBIDDEN_IN_SERVING = {"torch", "sentence_transformers", "sklearn", "implicit", "transformers"}
ONLY_WHERE_SNAPSHOTS_ARE_BUILT = {"tensorflow", "keras"}
MOST_MODULES_IN_A_FOLDER = 16


def sources(room: str) -> list[Path]:
    single = PROJECT_ROOT / f"{room}.py"
    return [single] if single.exists() else sorted((PROJECT_ROOT / room).rglob("*.py"))


def name_of(path: Path) -> str:
    """The dotted name by which a file is imported."""
    return ".".join(path.relative_to(PROJECT_ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path): path for room in ROOMS for path in sources(room)}


@cache
def tree_of(path: Path) -> ast.Module:
    return ast.parse(path.read_text(encoding="utf-8"))


@cache
def imported(path: Path) -> frozenset[str]:
    """Modules and packages that a file imports, anywhere in it."""
    found: set[str] = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Import):
            found |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path} has a relative import"
            submodules = {f"{node.module}.{alias.name}" for alias in node.names} & MODULES.keys()
            found |= submodules or {str(node.module)}
    return frozenset(found)


def started(path: Path) -> set[str]:
    """Rooms of the programs that a file starts by name, `-m ROOM...`, outside its docstrings."""
    documented = (ast.Module, ast.ClassDef, ast.FunctionDef, ast.AsyncFunctionDef)
    docstrings = {
        id(node.body[0].value)
        for node in ast.walk(tree_of(path))
        if isinstance(node, documented) and node.body and isinstance(node.body[0], ast.Expr)
    }
    found = set()
    for node in ast.walk(tree_of(path)):
        if isinstance(node, ast.Tuple | ast.List):
            words = [each.value for each in node.elts if isinstance(each, ast.Constant)]
            found |= {words[i + 1] for i, word in enumerate(words[:-1]) if word == "-m"}
        elif isinstance(node, ast.Constant) and isinstance(node.value, str):
            is_module = re.fullmatch(r"[a-z_]+(\.[a-z_]+)+", node.value)
            if is_module and id(node) not in docstrings:
                found.add(node.value)
    return {str(name).partition(".")[0] for name in found} & ROOMS.keys()


def rooms(names: frozenset[str]) -> set[str]:
    return {name.partition(".")[0] for name in names} & {*ROOMS, "report", "tests"}


@pytest.mark.parametrize("room", ROOMS)
def test_imports_run_one_way(room: str) -> None:
    for path in sources(room):
        breach = rooms(imported(path)) - ROOMS[room] - {room}
        assert not breach, f"{path.relative_to(PROJECT_ROOT)} imports {sorted(breach)}"


@pytest.mark.parametrize("room", ROOMS)
def test_programs_are_started_the_same_way(room: str) -> None:
    for path in sources(room):
        breach = started(path) - ROOMS[room] - STARTED.get(room, set()) - {room}
        assert not breach, f"{path.relative_to(PROJECT_ROOT)} starts {sorted(breach)}"


def test_no_modules_import_each_other_in_a_circle() -> None:
    graph = {
        name: {each for each in imported(path) if each in MODULES and each != name}
        for name, path in MODULES.items()
    }
    try:
        TopologicalSorter(graph).prepare()
    except CycleError as error:
        pytest.fail(" -> ".join(error.args[1]))


def test_no_folder_is_crowded() -> None:
    crowd = Counter(path.parent for path in MODULES.values() if path.name != "__init__.py")
    crowded = {str(folder): n for folder, n in crowd.items() if n > MOST_MODULES_IN_A_FOLDER}
    assert not crowded


@pytest.mark.parametrize("room", SERVING)
def test_serving_names_no_package_of_the_pipeline_group(room: str) -> None:
    for path in sources(room):
        packages = {name.partition(".")[0] for name in imported(path)}
        breach = packages & FORBIDDEN_IN_SERVING
        assert not breach, f"{path.relative_to(PROJECT_ROOT)} imports {sorted(breach)}"


@pytest.mark.parametrize("package", ["keras", "numba"])
@pytest.mark.parametrize("room", sorted({*SERVING} - {"scoring"}))
def test_only_scoring_names_the_engines(room: str, package: str) -> None:
    for path in sources(room):
        assert package not in {name.partition(".")[0] for name in imported(path)}, path


def test_no_test_imports_a_test() -> None:
    for path in sorted((PROJECT_ROOT / "tests").rglob("*.py")):
        breach = [name for name in imported(path) if re.search(r"\.test_|\.conftest", name)]
        assert not breach, f"{path.relative_to(PROJECT_ROOT)} imports {breach}"


def test_every_room_is_where_the_test_looks() -> None:
    assert all(sources(room) for room in ROOMS)


def test_the_classes_of_the_service_come_from_their_package() -> None:
    from classes import AppDataProcessor, Model

    assert AppDataProcessor.__module__.startswith("classes.")
    assert Model.__module__.startswith("classes.")


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
