from __future__ import annotations

import gzip
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import pandas as pd
import pytest

from config import PROJECT_ROOT
from pipeline import cli
from tests.support.raw_files import whole_review, write_csv


@pytest.fixture
def data_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """The folder of `clean_df.pq`, which already holds an older file."""
    folder = tmp_path / "data"
    folder.mkdir()
    (folder / "clean_df.pq").write_bytes(b"the old file")
    monkeypatch.setenv("DATA_PATH", str(folder))
    return folder


def run_pipeline(*words: str | Path) -> subprocess.CompletedProcess[str]:
    command = [sys.executable, "-m", "pipeline", *map(str, words)]
    return subprocess.run(command, cwd=PROJECT_ROOT, capture_output=True, text=True, check=False)


def test_cleaning_prints_what_each_rule_did(
    tmp_path: Path, data_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    rows = [whole_review(1), whole_review(1), whole_review(2), whole_review(3) | {"rating": ""}]
    reviews = write_csv(tmp_path / "r.csv", rows)
    assert cli.main(["clean", "--reviews", str(reviews)]) == 0
    printed = [" ".join(line.split()) for line in capsys.readouterr().out.splitlines()]
    assert "rows read 4 100.0%" in printed
    assert "dropped: exact duplicate 1 25.0%" in printed
    assert "dropped: no rating from 1 to 5 1 25.0%" in printed
    assert "rows kept 2 50.0%" in printed
    assert len(pd.read_parquet(data_path / "clean_df.pq")) == 2


def write(data: bytes) -> Callable[[Path], None]:
    return lambda path: path.write_bytes(data) and None


def write_cut_parquet(path: Path) -> None:
    pd.DataFrame([whole_review(1)]).to_parquet(path)
    path.write_bytes(path.read_bytes()[:-20])


BAD_FILES: dict[str, tuple[Callable[[Path], object], str]] = {
    "missing": (lambda path: None, "No such file or directory"),
    "empty folder": (
        lambda path: path.mkdir(),
        "is a folder without files; expected some with reviews",
    ),
    "empty": (write(b""), "is empty"),
    "header only": (write(b"userName,itemName,rating,reviewTime\n"), "a header and no rows"),
    "binary": (write(b"\x00\x01\x02" * 50), "is a binary file"),
    "ill-formed": (
        write(b"userName,itemName,rating,reviewTime\na,b,5,2018-01-01\na,b,5\n"),
        "line 3: 3 values where the header names 4 columns",
    ),
    "open quote": (
        write(b'userName,itemName,rating,reviewTime\na,b,5,2018-01-01\na,"b,5,2018-01-01\n'),
        "line 3 begins a row that is ill-formed",
    ),
    "latin-1": (
        write(b"userName,itemName,rating,reviewTime\nJos\xe9,b,5,2018-01-01\n"),
        "line 2 is not UTF-8 text",
    ),
    "missing columns": (
        write(b"reviewerID,asin,rating\nA1,B1,5\n"),
        (
            "lacks the columns userName, itemName, reviewTime; it has reviewerID, asin, rating. "
            "What may help: --user-column reviewerID and --item-column asin or --metadata FILE."
        ),
    ),
    "cut gzip": (write(gzip.compress(b"userName,itemName\n" * 99)[:-9]), "is cut off"),
    "cut parquet": (write_cut_parquet, "is damaged or cut off"),
}


@pytest.mark.parametrize(("make", "message"), BAD_FILES.values(), ids=BAD_FILES)
def test_a_file_that_cannot_be_used_is_one_sentence_and_changes_nothing(
    tmp_path: Path,
    data_path: Path,
    capsys: pytest.CaptureFixture[str],
    make: Callable[[Path], object],
    message: str,
) -> None:
    reviews = tmp_path / "reviews.csv"
    make(reviews)
    assert cli.main(["clean", "--reviews", str(reviews)]) == cli.USER_MUST_ACT
    captured = capsys.readouterr()
    assert captured.out == ""
    assert captured.err.startswith("pipeline: ")
    assert captured.err.count("\n") == 1
    assert message in captured.err
    assert str(reviews) in captured.err
    assert [path.name for path in data_path.iterdir()] == ["clean_df.pq"]
    assert (data_path / "clean_df.pq").read_bytes() == b"the old file"


def test_a_real_process_ends_with_status_2_and_no_traceback(
    tmp_path: Path, data_path: Path
) -> None:
    reviews = tmp_path / "r.csv"
    reviews.write_bytes(b"userName,itemName,rating,reviewTime\na,b\n")
    ended = run_pipeline("clean", "--reviews", reviews)
    assert ended.returncode == 2
    assert "Traceback" not in ended.stderr
    assert ended.stderr.count("\n") == 1


def test_a_folder_that_cannot_be_written_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    blocked = tmp_path / "file"
    blocked.write_text("")
    monkeypatch.setenv("DATA_PATH", str(blocked))
    reviews = write_csv(tmp_path / "r.csv", [whole_review(1)])
    assert cli.main(["clean", "--reviews", str(reviews)]) == 2
    assert str(blocked) in capsys.readouterr().err


def test_a_wrong_setting_is_one_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("PORT", "many")
    reviews = write_csv(tmp_path / "r.csv", [whole_review(1)])
    assert cli.main(["clean", "--reviews", str(reviews)]) == 2
    assert capsys.readouterr().err == "pipeline: PORT is 'many'; expected a whole number.\n"


def test_a_library_that_is_not_installed_is_named_with_the_cure(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "rich.console", None)
    reviews = write_csv(tmp_path / "r.csv", [whole_review(1)])
    assert cli.main(["clean", "--reviews", str(reviews)]) == 2
    assert "make pipeline" in capsys.readouterr().err


def test_an_interruption_is_one_line_and_status_130(
    tmp_path: Path,
    data_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    def interrupt(*args: object, **options: object) -> None:
        raise KeyboardInterrupt

    monkeypatch.setattr("pipeline.clean.stage.clean_reviews", interrupt)
    assert cli.main(["clean", "--reviews", "r.csv"]) == cli.INTERRUPTED
    assert capsys.readouterr().err.startswith("interrupted")
    assert (data_path / "clean_df.pq").read_bytes() == b"the old file"


@pytest.mark.parametrize("stage", [stage.name for stage in cli.STAGES])
def test_overall_help_names_every_stage(stage: str) -> None:
    assert stage in cli.build_parser().format_help()


def test_the_help_of_a_stage_says_what_it_reads_and_writes_with_an_example(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["clean", "--help"])
    assert ended.value.code == 0
    text = capsys.readouterr().out
    for part in ("reads  ", "writes ", "clean_df.pq", "example", "--user-column reviewerID"):
        assert part in text


@pytest.mark.parametrize(
    ("stage", "parts"),
    [
        ("train", ["a ranker of what users choose next", "item_affinity_df.pq", "--objective"]),
        ("evaluate", ["tuned baselines", "--baselines NAME [NAME ...]", "MODEL_PATH/metrics.json"]),
    ],
)
def test_the_help_of_training_and_evaluation_is_about_what_they_do_now(
    stage: str, parts: list[str], capsys: pytest.CaptureFixture[str]
) -> None:
    with pytest.raises(SystemExit):
        cli.main([stage, "--help"])
    text = " ".join(capsys.readouterr().out.split())
    for part in parts:
        assert part in text
    assert "mission" not in text


@pytest.mark.pipeline
@pytest.mark.parametrize(
    ("words", "chosen"),
    [
        ([], None),
        (["--baselines", "all"], ["all"]),
        (["--baselines", "minimal", "item-knn"], ["minimal", "item-knn"]),
        (["--rivals", "mission"], ["mission"]),
    ],
)
def test_baselines_are_chosen_by_the_new_and_by_the_older_spelling(
    words: list[str], chosen: list[str] | None
) -> None:
    command = ["evaluate", *words]
    assert cli.build_parser(command).parse_args(command).baselines == chosen


@pytest.mark.pipeline
def test_a_baseline_that_does_not_exist_is_refused_by_usage(
    capsys: pytest.CaptureFixture[str],
) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["evaluate", "--baselines", "minimal", "sasrek"])
    assert ended.value.code == 2
    told = capsys.readouterr().err
    assert "'sasrek' is no baseline" in told
    assert "'SASRec'" in told


def test_a_stage_without_its_file_is_refused_by_usage(capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["clean"])
    assert ended.value.code == 2
    assert "--reviews" in capsys.readouterr().err


def test_help_is_quick_and_loads_no_learning_library() -> None:
    program = (
        "import sys; from pipeline import cli; cli.build_parser(['clean']);"
        "heavy = {'torch', 'tensorflow', 'keras', 'sklearn', 'implicit'} & set(sys.modules);"
        "assert not heavy, heavy"
    )
    started = time.perf_counter()
    subprocess.run([sys.executable, "-c", program], cwd=PROJECT_ROOT, check=True)
    assert time.perf_counter() - started < 15
