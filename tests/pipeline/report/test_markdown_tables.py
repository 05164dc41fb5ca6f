"""The report's tables are those that its numbers give."""

from __future__ import annotations

import re

import pytest

from classes.model_card.files import metrics_of
from classes.model_card.text import model_card
from config import PROJECT_ROOT
from pipeline.report import evaluation_tables
from pipeline.report.markdown_tables import FOLDER, TABLES, read_numbers, with_tables
from pipeline.report.measures import RANKING, Measure
from pipeline.train.model_card import read_card
from storage.sources import file_hash

pytestmark = pytest.mark.pipeline

README = (FOLDER / "README.md").read_text(encoding="utf-8")


def test_tables_of_the_report_are_made_from_the_committed_numbers() -> None:
    assert with_tables(README, read_numbers()) == README


def test_the_model_card_of_the_sample_is_made_from_its_committed_files() -> None:
    model = PROJECT_ROOT / "data" / "sample" / "models" / "best_model.keras"
    metrics = metrics_of(FOLDER / "metrics.json", file_hash(model))
    page = (FOLDER / "model_card.md").read_text(encoding="utf-8")
    assert model_card(read_card(model), metrics) == page, (
        "Run `python -m pipeline report --project`."
    )


def test_a_measure_newer_than_all_numbers_has_no_column(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(evaluation_tables, "RANKING", (*RANKING, Measure("new", "new@10")))
    assert with_tables(README, read_numbers()) == README


def test_every_table_is_shown_once() -> None:
    assert sorted(re.findall(r"<!-- table: (\w+) -->", README)) == sorted(TABLES)


def test_text_outside_the_blocks_stays() -> None:
    page = "before\n<!-- table: runs -->\n| old |\n<!-- end -->\nafter\n"
    filled = with_tables(page, read_numbers())
    assert filled.startswith("before\n<!-- table: runs -->\n| data |")
    assert filled.endswith("|\n<!-- end -->\nafter\n")


def test_numbers_of_real_data_say_how_they_were_made() -> None:
    real = {name: part for name, part in read_numbers().items() if name != "bundled sample"}
    assert real
    for part in real.values():
        assert part["command"].startswith("python -m pipeline")
        assert re.fullmatch(r"\d{4}-\d{2}-\d{2}", part["date"])
