"""A build may take so much time and memory, and no more; then the service continues as before."""

from __future__ import annotations

import time
from pathlib import Path
from threading import Event, Timer

import psutil
import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from classes.errors import ReloadFailedError
from config import Config
from processes import start_build
from processes.start_build import open_store
from storage.artifacts import ArtifactError
from storage.parquet.bounds import refuse_oversized
from tests.support.greedy_builder import GREED_MB
from tests.support.services import config_in, copy_of

GREEDY_BUILDER = "tests.support.greedy_builder"


@pytest.fixture(autouse=True)
def greedy_builder(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(start_build, "BUILDER_MODULE", GREEDY_BUILDER)


def builders() -> list[psutil.Process]:
    """The builders that this process has started and that still run."""
    running = [each for each in psutil.Process().children() if each.is_running()]
    return [each for each in running if GREEDY_BUILDER in each.cmdline()]


def test_a_build_that_takes_too_much_memory_is_ended_and_names_the_setting(
    published: Config, tmp_path: Path
) -> None:
    store = open_store(copy_of(published, tmp_path, build_memory_mb=GREED_MB - 100))
    before = store.current()
    started = time.monotonic()
    with pytest.raises(ReloadFailedError, match=r"BUILD_MEMORY_MB=300 allows.*as before"):
        store.reload(data=True, model=True)
    assert time.monotonic() - started < 20
    assert store.current() is before
    assert not builders()


def test_a_build_that_takes_too_long_is_ended_and_names_the_setting(tmp_path: Path) -> None:
    store = open_store(config_in(tmp_path, reload_timeout_s=1))
    with pytest.raises(ReloadFailedError, match="longer than RELOAD_TIMEOUT_S=1"):
        store.reload(data=True, model=True)
    assert not builders()


def test_a_build_ends_when_the_server_stops(tmp_path: Path) -> None:
    stopping = Event()
    Timer(0.3, stopping.set).start()
    with pytest.raises(ReloadFailedError, match="the server stops"):
        open_store(config_in(tmp_path), stopping=stopping).restore(lambda _: None)
    assert not builders()


def test_a_parquet_file_that_claims_more_than_the_memory_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "many_rows.pq"
    pq.write_table(pa.table({"one": pa.array([1.0] * 1_000_000)}), path, compression="zstd")
    assert path.stat().st_size < 20_000
    refuse_oversized(path, memory_mb=9)
    with pytest.raises(ArtifactError, match="1,000,000 rows, 8 MB in memory, more than"):
        refuse_oversized(path, memory_mb=7)


def test_a_parquet_file_with_a_text_of_megabytes_is_refused_unread(tmp_path: Path) -> None:
    path = tmp_path / "bomb.pq"
    table = pa.table({"bomb": ["x" * 50_000_000, "y"], "other": ["a", "b"]})
    pq.write_table(table, path, compression="zstd", use_dictionary=False, write_statistics=False)
    assert path.stat().st_size < 20_000
    refuse_oversized(path, memory_mb=1_000, wanted=["other"])
    with pytest.raises(ArtifactError, match="'bomb' holds 50 MB in 2 rows"):
        refuse_oversized(path, memory_mb=1_000)
