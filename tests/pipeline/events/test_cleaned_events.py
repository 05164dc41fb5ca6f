"""`clean` takes events beside the reviews, once each, and leaves forgotten users out."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

from config import Config
from pipeline.cli import main
from processes.events_to_fold import events_to_fold
from recsys import columns
from recsys.kinds import HIDE, KINDS, PURCHASE, REMOVE, REVIEW, VIEW
from storage.artifacts import read_clean
from storage.events.configured import open_events
from storage.events.event import Event
from storage.events.store import EventStore
from storage.sources import artifact_paths
from tests.support.raw_files import whole_review, write_csv
from tests.support.services import config_in

NOON_US = int(pd.Timestamp("2018-01-03 12:00").value // 1_000)
DAY_US = 86_400_000_000
REVIEWS = [whole_review(number) for number in range(6)]


@pytest.fixture
def config(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    config = config_in(tmp_path)
    for name, value in config.as_environment().items():
        monkeypatch.setenv(name, value)
    return config


@pytest.fixture
def store(config: Config) -> EventStore:
    return open_events(config)


@pytest.fixture
def reviews(tmp_path: Path) -> Path:
    return write_csv(tmp_path / "reviews.csv", REVIEWS)


def clean(config: Config, reviews: Path, *words: Any) -> pd.DataFrame:
    assert main(["clean", "--reviews", str(reviews), *map(str, words)]) == 0
    return read_clean(artifact_paths(config).clean)


def events_of(clean: pd.DataFrame) -> list[tuple[Any, ...]]:
    rows = clean[clean[columns.KIND].notna()]
    names = [columns.USER, columns.ITEM, columns.KIND, columns.RATING]
    return [tuple(row) for row in rows[names].fillna(0).itertuples(index=False)]


def test_events_keep_their_kinds_and_their_order_behind_reviews_of_the_same_time(
    config: Config, reviews: Path, store: EventStore
) -> None:
    midnight = NOON_US - DAY_US // 2  # when user 2 reviewed item 2
    store.append([Event("user 2", "item 2", REMOVE, midnight)])
    store.append([Event("user 2", "item 2", PURCHASE, midnight)])
    store.append([Event("new user", "item 0", REVIEW, NOON_US + 1, 4.0)])
    store.append([Event("user 1", "item 1", VIEW, NOON_US)])
    store.append([Event("user 1", "item 0", HIDE, NOON_US + 2)])
    rows = clean(config, reviews, "--events")
    assert len(rows) == len(REVIEWS) + 5
    assert events_of(rows) == [
        ("user 2", "item 2", "remove", 0),
        ("user 2", "item 2", "purchase", 0),
        ("user 1", "item 1", "view", 0),
        ("new user", "item 0", "review", 4.0),
        ("user 1", "item 0", "hide", 0),
    ]
    of_user_2 = rows[(rows[columns.USER] == "user 2")]
    assert of_user_2[columns.KIND].fillna("").tolist() == ["", "remove", "purchase"]
    [shown] = rows.loc[rows[columns.KIND] == "review", columns.REVIEW_TIME]
    assert shown == pd.Timestamp("2018-01-03 12:00:00.000001")


def test_items_are_described_by_their_reviews_alone(
    config: Config, reviews: Path, store: EventStore
) -> None:
    before = clean(config, reviews)
    assert columns.KIND not in before
    store.append([Event("user 1", "item 1", VIEW, 1_000_000), Event("x", "lamp", PURCHASE, 1)])
    after = clean(config, reviews, "--events")
    assert set(after[columns.ITEM]) == set(before[columns.ITEM])
    of_reviews = after[after[columns.KIND].isna()].drop(columns=columns.KIND)
    pd.testing.assert_frame_equal(of_reviews.reset_index(drop=True), before)
    facts = after.loc[after[columns.KIND].notna(), [columns.PRICE, columns.TITLE]]
    assert facts.isna().to_numpy().tolist() == [[True, True]]


@pytest.mark.parametrize(
    "name", ["e.csv", "e.csv.gz", "e.jsonl", "e.jsonl.gz", "e.parquet", "e.pq"]
)
def test_exported_events_are_cleaned_as_those_of_the_store(
    config: Config, reviews: Path, store: EventStore, tmp_path: Path, name: str
) -> None:
    odd = 'Zoë, "the\nsecond"'
    store.append([Event(odd, "item 0", REVIEW, NOON_US + 7, 4.0, "an id")])
    store.append([Event("user 3", "item 0", kind, NOON_US) for kind in range(1, len(KINDS))])
    expected = clean(config, reviews, "--events")
    assert odd in set(expected[columns.USER])
    assert main(["events", "--out", str(tmp_path / name)]) == 0
    pd.testing.assert_frame_equal(clean(config, reviews, "--events", tmp_path / name), expected)


def test_event_in_the_store_and_in_exports_among_the_reviews_counts_once(
    config: Config, store: EventStore, tmp_path: Path
) -> None:
    folder = tmp_path / "all"
    folder.mkdir()
    reviews = write_csv(folder / "reviews.csv", REVIEWS)
    same = [Event("user 3", "item 0", kind, NOON_US) for kind in (PURCHASE, REMOVE, PURCHASE)]
    store.append(same)
    expected = clean(config, reviews, "--events")
    assert [kind for _, _, kind, _ in events_of(expected)] == ["purchase", "remove", "purchase"]
    for name in ("a first export.csv", "z.parquet"):
        assert main(["events", "--out", str(folder / name)]) == 0
    pd.testing.assert_frame_equal(clean(config, folder, "--events"), expected)
    pd.testing.assert_frame_equal(clean(config, folder), expected)


def test_reload_takes_in_what_came_after_the_cleaning_and_nothing_twice(
    config: Config, reviews: Path, store: EventStore
) -> None:
    store.append([Event("user 3", "item 0", PURCHASE, NOON_US)])
    clean(config, reviews)
    assert _folded(config) == ["item 0"]
    clean(config, reviews, "--events")
    assert _folded(config) == []
    store.append([Event("user 3", "item 1", PURCHASE, NOON_US)])
    assert _folded(config) == ["item 1"]


def _folded(config: Config) -> list[str]:
    rows = events_to_fold(config).rows
    return [] if rows is None else rows[columns.ITEM].tolist()


def test_keys_that_are_ids_are_taken_as_they_are(
    config: Config, store: EventStore, tmp_path: Path
) -> None:
    rows = [row | {"reviewerID": f"A{n}", "asin": f"B{n % 3}"} for n, row in enumerate(REVIEWS)]
    reviews = write_csv(tmp_path / "ids.csv", rows)
    keys = ("--user-column", "reviewerID", "--item-column", "asin")
    store.append([Event("A-New", "B2", PURCHASE, NOON_US)])
    assert events_of(clean(config, reviews, *keys, "--events")) == [
        ("A-New", "B2", "purchase", 0),
    ]
    exported = tmp_path / "events.csv"
    assert main(["events", "--out", str(exported), *keys]) == 0
    assert exported.read_text().splitlines()[0] == (
        '"reviewerID","asin","rating","reviewTime","kind","event_seq"'
    )
    assert len(events_of(clean(config, reviews, *keys, "--events", exported))) == 1


def test_forgotten_users_are_left_out_with_and_without_events(
    config: Config, reviews: Path, store: EventStore, tmp_path: Path
) -> None:
    store.append([Event("user 3", "item 0", PURCHASE, NOON_US)])
    exported = tmp_path / "before.csv"
    assert main(["events", "--out", str(exported)]) == 0
    store.forget("user 3")
    for words in ((), ("--events",), ("--events", exported)):
        assert "user 3" not in set(clean(config, reviews, *words)[columns.USER])
    assert main(["events", "--out", str(exported)]) == 0
    assert len(exported.read_text().splitlines()) == 1
    later = int(pd.Timestamp.now("UTC").value // 1_000) + DAY_US
    store.append([Event("user 3", "item 1", PURCHASE, later)])
    assert events_of(clean(config, reviews, "--events")) == [("user 3", "item 1", "purchase", 0)]


def test_a_column_of_kinds_in_reviews_without_event_numbers_means_nothing(
    config: Config, tmp_path: Path
) -> None:
    reviews = write_csv(tmp_path / "r.csv", [row | {"kind": "hardcover"} for row in REVIEWS])
    rows = clean(config, reviews)
    assert len(rows) == len(REVIEWS)
    assert columns.KIND not in rows


def test_file_that_holds_no_events_is_refused_with_what_writes_one(
    config: Config, reviews: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["clean", "--reviews", str(reviews), "--events", str(reviews)]) == 2
    said = capsys.readouterr().err
    assert "lacks event_seq and kind" in said
    assert "python -m pipeline events --out FILE" in said
    assert not config.data_path.exists()


def test_export_to_an_unknown_form_is_refused(
    config: Config, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert main(["events", "--out", str(tmp_path / "events.xlsx")]) == 2
    assert ".csv, .csv.gz, .jsonl" in capsys.readouterr().err
    assert list(tmp_path.glob("*events*")) == []


def test_events_alone_are_no_reviews(
    config: Config, store: EventStore, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    store.append([Event("user 3", "item 0", PURCHASE, NOON_US)])
    exported = tmp_path / "events.csv"
    assert main(["events", "--out", str(exported)]) == 0
    assert main(["clean", "--reviews", str(exported)]) == 2
    assert "1 event about an item that no review is about" in capsys.readouterr().err


def test_many_events_are_written_in_their_order(store: EventStore, tmp_path: Path) -> None:
    for first in range(0, 45_000, 9_000):
        store.append(
            [Event(f"user {n}", "item 0", VIEW, NOON_US + n) for n in range(first, first + 9_000)]
        )
    assert main(["events", "--out", str(tmp_path / "many.parquet")]) == 0
    rows = pd.read_parquet(tmp_path / "many.parquet")
    assert rows[columns.USER].tolist() == [f"user {n}" for n in range(45_000)]
    assert np.all(np.diff(rows[columns.EVENT_SEQ]) > 0)
