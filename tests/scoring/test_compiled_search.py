"""Machine code is made once, said beforehand, and kept where it can be."""

from __future__ import annotations

import shutil
import subprocess
import sys
from pathlib import Path

from config import PROJECT_ROOT
from scoring.compiled_search import prepare_search
from scoring.search.entries import ENTRIES

SCRIPT = """
from pathlib import Path
from scoring import search
search.warm_up(Path("kept"), lambda: print("compiling"))
"""
NO_SEARCH = """
from scoring.search.jit import entry

@entry
def search(table, codes, affinity, users, starts, excluded, mask, offsets, rows, scores):
    return 0
"""
"""Stands for the function that takes nine tenths of the compiling; where it is kept is the same."""


def test_code_that_is_there_is_used_without_a_word(tmp_path: Path) -> None:
    prepare_search(tmp_path)
    said: list[str] = []
    prepare_search(tmp_path, said.append)
    assert said == []


def test_beside_a_read_only_checkout_code_is_compiled_once_and_kept_in_the_folder_given(
    tmp_path: Path,
) -> None:
    shutil.copy(PROJECT_ROOT / "config.py", tmp_path)
    ignored = shutil.ignore_patterns("__pycache__")
    for package in ("settings", "recsys", "storage", "scoring"):
        shutil.copytree(PROJECT_ROOT / package, tmp_path / package, ignore=ignored)
    (tmp_path / "scoring" / "search" / "block_search.py").write_text(NO_SEARCH)
    (tmp_path / "scoring" / "search" / "__pycache__").touch()  # where no user can put a file
    outputs = [
        subprocess.run(
            [sys.executable, "-c", SCRIPT], cwd=tmp_path, capture_output=True, check=True, text=True
        ).stdout
        for _ in range(2)
    ]
    assert outputs == ["compiling\n", ""]
    assert len(list((tmp_path / "kept").rglob("*.nbi"))) == len(ENTRIES)
