"""The sample shop: the same bytes each time, of the published form and about the size asked for."""

from __future__ import annotations

import argparse
import hashlib
import io
import re
import subprocess
import sys
from collections import Counter
from pathlib import Path

import pytest

from config import PROJECT_ROOT, Config
from pipeline.errors import PipelineError
from pipeline.sample import people
from pipeline.sample import stage as sample
from pipeline.sample.portable_random import PortableRandom
from pipeline.sample.table import SAMPLE_COLUMNS, SampleSize, as_csv, sample_rows
from pipeline.sample.vocabulary import NameParts, read_phrases, read_themes
from recsys import columns

SMALL = SampleSize(n_users=60, n_items=80, n_rows=400)
PLAIN_PRICE = re.compile(r"\$[\d,]+\.\d\d")


def test_same_seed_gives_the_same_bytes_in_another_process(content: bytes) -> None:
    # Another hash seed would show in any order that comes from a set.
    program = (
        "import hashlib; from pipeline.sample.table import *;"
        "print(hashlib.sha256(as_csv(sample_rows(7, SampleSize()))).hexdigest())"
    )
    answer = subprocess.run(
        [sys.executable, "-c", program],
        env={"PYTHONHASHSEED": "4711", "PATH": "/usr/bin:/bin"},
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert answer.stdout.strip() == hashlib.sha256(content).hexdigest()


def test_another_seed_gives_another_shop() -> None:
    assert sample_rows(1, SMALL) != sample_rows(2, SMALL)


def test_columns_are_the_published_ones_and_the_ids(content: bytes) -> None:
    header = content.split(b"\n", 1)[0].decode()
    assert header.split(",") == list(SAMPLE_COLUMNS)
    assert SAMPLE_COLUMNS[:14] == columns.RAW_COLUMNS
    assert SAMPLE_COLUMNS[14:] == ("reviewerID", "asin", "unixReviewTime")


def test_size_is_about_what_was_asked_for(rows: list[dict[str, str]]) -> None:
    assert 19_600 <= len(rows) <= 20_400
    assert 2_900 <= len({row["reviewerID"] for row in rows} - {""}) <= 3_000
    assert 1_400 <= len({row["asin"] for row in rows} - {""}) <= 1_500


def test_ratings_are_skewed_to_five_stars(rows: list[dict[str, str]]) -> None:
    counts = Counter(row["rating"] for row in rows if row["rating"])
    assert set(counts) == {"1.0", "2.0", "3.0", "4.0", "5.0"}
    assert 0.64 <= counts["5.0"] / counts.total() <= 0.74


def test_reviews_span_four_years_and_grow(rows: list[dict[str, str]]) -> None:
    days = sorted(row["reviewTime"] for row in rows if row["reviewTime"])
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\d", day) for day in days)
    assert days[0] < "2014-12-01"
    assert "2018-09-25" <= days[-1] <= "2018-09-30"
    years = Counter(day[:4] for day in days)
    assert years["2015"] < years["2016"] < years["2017"]


def test_users_and_items_are_long_tailed_and_some_come_late(rows: list[dict[str, str]]) -> None:
    dated = [row for row in rows if row["reviewTime"]]
    by_user = Counter(row["reviewerID"] for row in dated if row["reviewerID"])
    by_item = Counter(row["asin"] for row in dated if row["asin"])
    assert max(by_user.values()) > 10 * sorted(by_user.values())[len(by_user) // 2]
    assert max(by_item.values()) > 10 * sorted(by_item.values())[len(by_item) // 2]
    cut = sorted(row["reviewTime"] for row in dated)[int(0.9 * len(dated))]
    for key, at_least in (("reviewerID", 100), ("asin", 5)):
        before = {row[key] for row in dated if row["reviewTime"] < cut}
        assert len({row[key] for row in dated} - before) >= at_least


def test_prices_are_skewed_and_some_have_a_thousands_comma(rows: list[dict[str, str]]) -> None:
    texts = [row["price"] for row in rows if PLAIN_PRICE.fullmatch(row["price"])]
    prices = sorted(float(text[1:].replace(",", "")) for text in texts if text != "$0.00")
    assert prices[0] > 2
    assert 15 < prices[len(prices) // 2] < 60
    assert prices[-1] > 5 * prices[len(prices) // 2]
    assert sum(text.startswith("$1,") for text in texts) >= 5


def test_more_people_than_there_are_names_get_numbers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(people, "read_names", lambda: NameParts(("Ann",), ("Lee",), ("rose",)))
    made = people.make_people(PortableRandom(7), read_themes(), 400)
    names = [person.name for person in made]
    assert len(set(names)) >= 0.95 * len(names)  # some share theirs
    assert sum(name.split()[-1].isdigit() for name in names) > 200


def test_titles_stay_apart_when_case_and_punctuation_are_dropped(
    rows: list[dict[str, str]],
) -> None:
    ids: dict[str, set[str]] = {}
    for row in rows:
        title = row["itemName"].replace("&#39;", "'").replace("&amp;", "&").replace("&quot;", '"')
        if title:
            key = "".join(c for c in title.lower() if c.isalnum())
            ids.setdefault(key, set()).add(row["asin"])
    assert [title for title, several in ids.items() if len(several) > 1] == []


def test_no_placeholder_of_the_grammar_is_left(rows: list[dict[str, str]]) -> None:
    for column in ("itemName", "description", "summary", "reviewText", "feature", "category"):
        assert not [row[column] for row in rows if re.search(r"[{}]|\bNone\b", row[column])]
    assert not [row["itemName"] for row in rows if re.search(r"  \S|\(\)|, ,|,$", row["itemName"])]


def test_vocabulary_says_something_of_every_kind_and_reads_as_one_shop() -> None:
    themes = read_themes()
    assert len(themes) == 36
    assert len({theme.name for theme in themes}) == 36
    for theme in themes:
        nicknames = {kind.nickname for kind in theme.kinds}
        for sentence in (*theme.praise, *theme.gripes, *theme.facts):
            assert sentence.nicknames <= nicknames, sentence
    assert all(set(by_rating) == {1, 2, 3, 4, 5} for by_rating in read_phrases().parts.values())


def test_draws_follow_their_distributions() -> None:
    random = PortableRandom(1)
    normal = [random.normal() for _ in range(20_000)]
    assert abs(sum(normal) / len(normal)) < 0.03
    assert abs(sum(x * x for x in normal) / len(normal) - 1) < 0.05
    assert sorted(random.shuffled(range(50))) == list(range(50))
    counts = Counter(random.pick_weighted("ab", (1, 3)) for _ in range(10_000))
    assert 0.72 < counts["b"] / 10_000 < 0.78
    assert {random.index_below([1.0, 2.0, 3.0], first=1) for _ in range(100)} == {1, 2}


def _run(output: Path, *options: str) -> str:
    rich_console = pytest.importorskip("rich.console", reason="rich is in the pipeline group")
    parser = argparse.ArgumentParser()
    sample.add_arguments(parser)
    said = io.StringIO()
    console = rich_console.Console(file=said, width=200)
    sample.run(parser.parse_args(["--output", str(output), *options]), Config(), console)
    return said.getvalue()


def test_stage_writes_the_file_and_says_how_much(tmp_path: Path) -> None:
    output = tmp_path / "new" / "reviews.csv"
    said = _run(output, "--users", "60", "--items", "80", "--rows", "400", "--seed", "3")
    assert output.read_bytes() == as_csv(sample_rows(3, SMALL))
    assert f"{output}: " in said
    assert "reviews" in said


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--items", "5"), "--items is 5; expected 72 or more"),
        (("--rows", "10"), "10 purchases by 3,000 users"),
        (("--users", "10"), "expected 10 to 450"),
        (("--users", "0"), "--users is 0; expected 1 or more"),
    ],
)
def test_impossible_size_is_refused_and_the_old_file_stays(
    tmp_path: Path, options: tuple[str, ...], words: str
) -> None:
    output = tmp_path / "reviews.csv"
    output.write_text("mine")
    with pytest.raises(PipelineError, match=re.escape(words)):
        _run(output, *options)
    assert output.read_text() == "mine"
    assert list(tmp_path.iterdir()) == [output]
