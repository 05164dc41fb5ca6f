"""README and docs/measurements.md show what was measured, not what somebody typed."""

from __future__ import annotations

from pathlib import Path

import pytest

from config import PROJECT_ROOT

pytestmark = pytest.mark.pipeline  # rich prints the tables

RESULTS = PROJECT_ROOT / "benchmarks" / "results.json"


def test_the_documents_hold_the_tables_of_the_benchmarks() -> None:
    from benchmarks.figures import HEADLINES
    from benchmarks.results import Results

    results = Results.read(RESULTS)
    for document, table in (
        ("docs/measurements.md", results.markdown()),
        ("README.md", results.markdown(HEADLINES)),
    ):
        text = (PROJECT_ROOT / document).read_text(encoding="utf-8")
        assert f"{table}\n\n" in text, f"Paste this into {document}:\n{table}"


def test_every_figure_is_listed_once_and_every_measured_one_is_listed() -> None:
    from benchmarks.figures import HEADLINES, KEYS
    from benchmarks.results import Results

    assert len(set(KEYS)) == len(KEYS)
    assert set(HEADLINES) <= set(KEYS)
    assert Results.read(RESULTS).numbers.keys() <= set(KEYS)
    with pytest.raises(KeyError, match="speed"):
        Results(1, 1).add("speed", value=1)


def test_results_come_back_as_they_were_written(tmp_path: Path) -> None:
    from benchmarks.results import Results

    results = Results(3, 2)
    results.add("build", seconds=1.25)
    results.add("read", ms=0.5, times_reading=1)
    results.add("float32", ms=1.25, times_reading=2.5)
    results.add("predict_against_byte", value=2_500)
    results.add("float32_against_reading", value=2.5)
    results.write(tmp_path / "results.json")
    again = Results.read(tmp_path / "results.json")
    assert again.numbers == results.numbers
    assert again.markdown() == results.markdown()
    assert again.markdown().splitlines()[4:] == [
        "| build a snapshot from the files | 1.2 s |  |  |",
        "| **Top 5 of one user, one thread, processor time** |  |  |  |",
        "| read the item half once | 0.500 ms | 1.00 × reading |  |",
        "| float32 search | 1.250 ms | 2.50 × reading |  |",
        "| model.predict, batch_size=32, against byte search | 2,500 × |  | ≥ 2000: yes |",
        "| float32 search against reading the item half | 2.50 |  | ≤ 1.3: no |",
    ]
