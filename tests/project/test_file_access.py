"""Files are opened in storage only: the serving rooms above it read and write through it."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

from config import PROJECT_ROOT

MODULES = {"fcntl", "mmap", "pyarrow", "tempfile"}
FUNCTIONS = {
    "json.dump",
    "json.load",
    "np.fromfile",
    "np.load",
    "np.memmap",
    "np.save",
    "np.savez",
    "open",
    "os.open",
    "os.truncate",
    "pd.read_csv",
    "pd.read_parquet",
    "shutil.copy",
    "shutil.copy2",
    "shutil.copyfile",
}
METHODS = {"open", "read_bytes", "read_text", "to_parquet", "write_bytes", "write_text"}

EXCEPTIONS = {
    "processes/start_build.py": {"tempfile"},  # takes what the builder writes to stderr
    "scoring/search/jit.py": {"tempfile", "read_bytes"},  # numba's cache beside the sources
}
"""Files that open something other than the product's own data."""


def opened(path: Path) -> set[str]:
    """Name what a module uses to open files."""
    found = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import | ast.ImportFrom):
            module = node.module if isinstance(node, ast.ImportFrom) else None
            names = [module or ""] if module else [alias.name for alias in node.names]
            found |= {name.partition(".")[0] for name in names} & MODULES
        elif isinstance(node, ast.Call):
            found |= {ast.unparse(node.func)} & FUNCTIONS
            if isinstance(node.func, ast.Attribute) and not is_class(node.func.value):
                found |= {node.func.attr} & METHODS
    return found


def is_class(node: ast.expr) -> bool:
    """Return whether a method is called on a class, as in `Snapshot.open(folder)`."""
    name = ast.unparse(node).rpartition(".")[2]
    return name == "cls" or (name[:1].isupper() and not name.isupper())


@pytest.mark.parametrize("room", ["api", "classes", "processes", "scoring"])
def test_no_serving_room_but_storage_opens_a_file(room: str) -> None:
    for path in sorted((PROJECT_ROOT / room).rglob("*.py")):
        name = str(path.relative_to(PROJECT_ROOT))
        breach = opened(path) - EXCEPTIONS.get(name, set())
        assert not breach, f"{name} opens files by {sorted(breach)}"


def test_the_test_sees_files_being_opened() -> None:
    assert opened(PROJECT_ROOT / "storage" / "counters.py") >= {"fcntl", "mmap", "open"}
    assert all(opened(PROJECT_ROOT / name) == found for name, found in EXCEPTIONS.items())
