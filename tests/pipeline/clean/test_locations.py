from __future__ import annotations

from pathlib import Path

import pandas as pd
import pytest
from pyarrow.fs import FileSystem

from pipeline.clean.locations import Query, RemoteFile, _store, files_of, locate
from pipeline.clean.stage import clean_reviews
from pipeline.errors import PipelineError
from recsys.cleaning.rows import Keys
from storage.artifacts import read_clean
from tests.support.raw_files import whole_review, write_csv

pytestmark = pytest.mark.pipeline


def test_a_folder_of_files_gives_what_one_file_gives(tmp_path: Path) -> None:
    rows = [whole_review(number) for number in range(20)]
    (tmp_path / "parts").mkdir()
    for number in range(4):
        part = rows[5 * number : 5 * number + 5]
        write_csv(tmp_path / "parts" / f"part-{number}.csv", part)
    (tmp_path / "parts" / "_SUCCESS").touch()
    one = write_csv(tmp_path / "one.csv", rows)
    for source, result in ((one, "one.pq"), (tmp_path / "parts", "many.pq")):
        clean_reviews(source, tmp_path / result, Keys())
    pd.testing.assert_frame_equal(read_clean(tmp_path / "many.pq"), read_clean(tmp_path / "one.pq"))


def test_a_folder_without_files_is_refused(tmp_path: Path) -> None:
    (tmp_path / ".hidden").touch()
    with pytest.raises(PipelineError, match="is a folder without files"):
        files_of(tmp_path)


def test_a_file_of_a_folder_that_lacks_a_column_is_named(tmp_path: Path) -> None:
    write_csv(tmp_path / "a.csv", [whole_review(1)])
    (tmp_path / "b.csv").write_text("userName,itemName,reviewTime\nAnn,Tea,2020-01-01\n")
    with pytest.raises(PipelineError, match=r"b\.csv lacks the column rating"):
        clean_reviews(tmp_path, tmp_path / "out" / "clean_df.pq", Keys())


@pytest.mark.parametrize(
    ("text", "sql", "expected"),
    [
        ("reviews.csv", "", Path("reviews.csv")),
        ("s3://shop/reviews.csv", "", RemoteFile("s3://shop/reviews.csv")),
        ("gs://shop/reviews", "", RemoteFile("gs://shop/reviews")),
        ("postgresql://host/shop", "SELECT 1", Query("postgresql://host/shop", "SELECT 1")),
    ],
)
def test_paths_and_urls_are_told_apart(text: str, sql: str, expected: object) -> None:
    assert locate(text, sql) == expected


@pytest.mark.parametrize(
    ("text", "sql", "message"),
    [
        ("postgresql://me:secret@host/shop", "", "is a database; say what to read"),
        ("s3://key:secret@shop/reviews.csv", "SELECT 1", "--query is for databases"),
        ("ftp://host/reviews.csv", "", "can't be read; expected a path, or s3://"),
    ],
)
def test_urls_that_cannot_be_read_are_refused_without_secrets(
    text: str, sql: str, message: str
) -> None:
    with pytest.raises(PipelineError, match=message) as refused:
        locate(text, sql)
    assert "secret" not in str(refused.value)


def test_secrets_are_never_shown() -> None:
    shown = [
        RemoteFile("s3://key:secret@shop/reviews.csv?region=here"),
        Query("postgresql://me:secret@host/shop?sslmode=require", "SELECT 1"),
    ]
    assert [str(each) for each in shown] == ["s3://shop/reviews.csv", "postgresql://host/shop"]
    assert "secret" not in repr(shown)


@pytest.mark.parametrize(
    ("url", "with_its_limit"),
    [
        ("gs://shop/x", "gs://shop/x?retry_limit_seconds=30"),
        ("gs://shop/x?scheme=http", "gs://shop/x?scheme=http&retry_limit_seconds=30"),
        ("gs://shop/x?retry_limit_seconds=5", "gs://shop/x?retry_limit_seconds=5"),
    ],
)
def test_googles_client_retries_for_30_seconds_unless_told_otherwise(
    url: str, with_its_limit: str
) -> None:
    assert _store(url) == FileSystem.from_uri(with_its_limit)
