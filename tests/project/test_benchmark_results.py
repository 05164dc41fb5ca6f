"""The README shows what was measured, not what somebody typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import PROJECT_ROOT

pytestmark = pytest.mark.pipeline  # rich prints the tables


def test_the_readme_holds_the_table_of_the_benchmarks() -> None:
    from benchmarks.results import Results

    table = Results.read(PROJECT_ROOT / "benchmarks" / "results.json").markdown()
    readme = (PROJECT_ROOT / "README.md").read_text(encoding="utf-8")
    assert table in readme, f"Paste this into README.md:\n{table}"


def test_results_come_back_as_they_were_written(tmp_path: Path) -> None:
    from benchmarks.results import Results

    results = Results(3, 2)
    results.section("A part")
    results.add("to read", "1 ms", "half of it")
    results.target("more is better", 2.5, 2)
    results.target("less is better", 2.5, -2)
    results.write(tmp_path / "results.json")
    assert [getattr(row, "reached", None) for row in results.rows] == [None, None, True, False]
    assert Results.read(tmp_path / "results.json").markdown() == results.markdown()
