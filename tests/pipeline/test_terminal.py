"""Names from files and folders reach the terminal as they are written, and command it nothing."""

from __future__ import annotations

from pathlib import Path

import pytest

from pipeline.cli import main

REVIEW = "userName,itemName,rating,reviewTime\nJane,Lamp,5,2018-01-31\n"


@pytest.mark.parametrize("name", ["a [red]b", "c [/d]", "e :smile: f"])
def test_a_path_that_looks_like_markup_is_printed_as_written(
    name: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("DATA_PATH", str(tmp_path / name))
    reviews = tmp_path / "reviews.csv"
    reviews.write_text(REVIEW)
    assert main(["clean", "--reviews", str(reviews)]) == 0
    assert str(tmp_path / name / "clean_df.pq") in capsys.readouterr().out


def test_a_refusal_holds_no_control_characters_of_a_file(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    reviews = tmp_path / "reviews.csv"
    reviews.write_text("rating,\x1b[31mred\x07,\u202eback,x\n1,2,3,4\n")
    assert main(["clean", "--reviews", str(reviews)]) == 2
    said = capsys.readouterr().err
    assert "[31mred, back, x" in said
    assert said.rstrip("\n").isprintable()
