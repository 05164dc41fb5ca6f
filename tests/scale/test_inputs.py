"""Reviews from a database, an object store or a folder give the artifacts that their CSV gives."""

from __future__ import annotations

import argparse
from collections.abc import Iterator
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.fs
import pyarrow.parquet as pq
import pytest
from rich.console import Console

from benchmarks.replicas.object_server import ACCESS_KEY, BUCKET, SECRET_KEY, ObjectServer
from pipeline.clean.locations import locate
from pipeline.clean.stage import clean_reviews
from pipeline.cli import main
from pipeline.embed.stage import embed
from pipeline.errors import PipelineError
from pipeline.train import popularity
from recsys.cleaning.rows import Keys
from storage.artifacts import read_clean
from storage.sources import artifact_paths, data_files
from tests.support.counting_encoder import CountingEncoder
from tests.support.postgresql import postgresql, programs
from tests.support.raw_files import whole_review, write_csv
from tests.support.services import config_in

pytestmark = pytest.mark.scale

IN_ORDER = "SELECT * FROM reviews ORDER BY id"


@pytest.fixture(scope="module")
def csv_file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    rows = [whole_review(number) | {"id": number} for number in range(300)]
    rows += rows[:7]
    return write_csv(tmp_path_factory.mktemp("raw") / "reviews.csv", rows)


@pytest.fixture(scope="module")
def expected(csv_file: Path) -> pd.DataFrame:
    clean_reviews(csv_file, csv_file.with_name("clean_df.pq"), Keys())
    return read_clean(csv_file.with_name("clean_df.pq"))


@pytest.fixture(scope="module")
def sample(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Reviews of a made-up shop with a number each, for the order of a query."""
    path = tmp_path_factory.mktemp("sample") / "reviews.csv"
    size = ("--rows", "1000", "--users", "200", "--items", "80")
    assert main(["sample", "--output", str(path), *size]) == 0
    reviews = pd.read_csv(path, dtype="str")
    reviews.assign(id=[f"{row:05}" for row in range(len(reviews))]).to_csv(path, index=False)
    return path


@pytest.fixture(scope="module")
def database(csv_file: Path, sample: Path) -> Iterator[str]:
    """A table of the reviews, with numbers and times in types of the database; one of a sample."""
    dbapi = pytest.importorskip("adbc_driver_postgresql.dbapi")
    if programs() is None:
        pytest.skip("there is no PostgreSQL server; make test-scale installs it")
    reviews = pd.read_csv(csv_file, dtype={"price": "str", "userName": "str"})
    reviews["reviewTime"] = pd.to_datetime(reviews["reviewTime"]).astype("datetime64[us]")
    with postgresql() as url, dbapi.connect(url) as connection:
        with connection.cursor() as cursor:
            table = pq.read_table(_as_parquet(reviews, csv_file.with_name("typed.parquet")))
            cursor.adbc_ingest("reviews", table)
            cursor.execute("ALTER TABLE reviews ALTER COLUMN rating TYPE numeric(3, 1)")
            cursor.adbc_ingest("sample", pa.Table.from_pandas(pd.read_csv(sample, dtype="str")))
        connection.commit()
        yield url


def _as_parquet(frame: pd.DataFrame, path: Path) -> Path:
    frame.to_parquet(path, index=False)
    return path


@pytest.fixture
def bucket(server: ObjectServer, monkeypatch: pytest.MonkeyPatch) -> pyarrow.fs.FileSystem:
    """The store as other programs reach it: credentials and address in the environment."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", ACCESS_KEY)
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRET_KEY)
    monkeypatch.setenv("AWS_ENDPOINT_URL", server.endpoint)
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    store, _ = pyarrow.fs.FileSystem.from_uri(f"s3://{BUCKET}/")
    return store


def upload(store: pyarrow.fs.FileSystem, key: str, content: bytes) -> str:
    with store.open_output_stream(f"{BUCKET}/{key}") as stream:
        stream.write(content)
    return f"s3://{BUCKET}/{key}"


def cleaned(location: str, folder: Path, sql: str = "") -> pd.DataFrame:
    clean_reviews(locate(location, sql), folder / "clean_df.pq", Keys())
    return read_clean(folder / "clean_df.pq")


def test_a_query_gives_what_the_csv_gives(
    database: str, expected: pd.DataFrame, tmp_path: Path
) -> None:
    pd.testing.assert_frame_equal(cleaned(database, tmp_path, IN_ORDER), expected)


def test_a_file_in_a_store_gives_what_the_csv_gives(
    bucket: pyarrow.fs.FileSystem, csv_file: Path, expected: pd.DataFrame, tmp_path: Path
) -> None:
    url = upload(bucket, "one/reviews.csv", csv_file.read_bytes())
    pd.testing.assert_frame_equal(cleaned(url, tmp_path), expected)


def test_a_folder_of_parquet_parts_in_a_store_gives_what_the_csv_gives(
    bucket: pyarrow.fs.FileSystem, csv_file: Path, expected: pd.DataFrame, tmp_path: Path
) -> None:
    reviews = pd.read_csv(csv_file, dtype="str")
    for number, first in enumerate(range(0, len(reviews), 100)):
        part = _as_parquet(reviews.iloc[first : first + 100], tmp_path / "part.parquet")
        upload(bucket, f"parts/part-{number}.parquet", part.read_bytes())
    upload(bucket, "parts/_SUCCESS", b"")
    pd.testing.assert_frame_equal(cleaned(f"s3://{BUCKET}/parts", tmp_path), expected)


def artifacts_from(location: str, folder: Path, sql: str = "") -> dict[str, bytes]:
    """Run the stages, and return all that a model is fitted to, which the same seed fits alike."""
    config = config_in(folder)
    clean_reviews(locate(location, sql), folder / "data" / "clean_df.pq", Keys())
    embed(CountingEncoder(), config, Console(quiet=True), use_cache=False)
    popularity.run(argparse.Namespace(), config, Console(quiet=True))
    paths = artifact_paths(config)
    return {path.name: path.read_bytes() for path in data_files(paths)}


@pytest.fixture(scope="module")
def artifacts(sample: Path, tmp_path_factory: pytest.TempPathFactory) -> dict[str, bytes]:
    return artifacts_from(str(sample), tmp_path_factory.mktemp("from-csv"))


def test_a_query_gives_all_artifacts_that_the_csv_gives(
    database: str, artifacts: dict[str, bytes], tmp_path: Path
) -> None:
    assert len(artifacts) == 6
    found = artifacts_from(database, tmp_path, "SELECT * FROM sample ORDER BY id")
    assert found == artifacts


def test_a_file_in_a_store_gives_all_artifacts_that_the_csv_gives(
    bucket: pyarrow.fs.FileSystem, sample: Path, artifacts: dict[str, bytes], tmp_path: Path
) -> None:
    url = upload(bucket, "sample/reviews.csv", sample.read_bytes())
    assert artifacts_from(url, tmp_path) == artifacts


def test_a_missing_file_in_a_store_is_refused(
    bucket: pyarrow.fs.FileSystem, tmp_path: Path
) -> None:
    with pytest.raises(PipelineError, match=f"s3://{BUCKET}/nowhere.csv can't be read"):
        cleaned(f"s3://{BUCKET}/nowhere.csv", tmp_path)


def test_what_a_database_refuses_is_told_without_the_password(
    database: str, tmp_path: Path
) -> None:
    with pytest.raises(PipelineError, match="nothing_here") as refused:
        cleaned(database, tmp_path, "SELECT * FROM nothing_here")
    assert "not-asked" not in str(refused.value)


def test_ray_reads_the_query_too(database: str, expected: pd.DataFrame, tmp_path: Path) -> None:
    pytest.importorskip("ray")
    from pipeline.distributed.clean import clean_reviews as clean_on_ray
    from pipeline.distributed.cluster import connected

    with connected():
        clean_on_ray(locate(database, IN_ORDER), tmp_path / "clean_df.pq", Keys())
    pd.testing.assert_frame_equal(read_clean(tmp_path / "clean_df.pq"), expected)
