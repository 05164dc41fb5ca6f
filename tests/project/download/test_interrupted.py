"""download_data.sh with a local web server that fails: files in place survive every failure."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.downloads import (
    CLEAN,
    FRAMES,
    MODEL,
    download,
    files_in,
    kill_group,
    parquet,
    start_download,
)
from tests.support.file_server import FileSite
from tests.support.process import until

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")


def test_dropped_connection_is_continued_where_it_broke(
    tmp_path: Path, address: str, site: FileSite, published: dict[str, bytes]
) -> None:
    site.drops[CLEAN] = 2
    answer = download(tmp_path, "--from", address)
    assert answer.returncode == 0, answer.stderr
    half = len(published[CLEAN]) // 2
    three_quarters = half + (len(published[CLEAN]) - half) // 2
    assert site.ranges_of(CLEAN) == ["", f"bytes={half}-", f"bytes={three_quarters}-"]
    assert files_in(tmp_path) == published


def test_server_that_ignores_ranges_is_asked_from_the_start(
    tmp_path: Path, address: str, site: FileSite, published: dict[str, bytes]
) -> None:
    site.drops[CLEAN], site.ignores_ranges = 1, True
    answer = download(tmp_path, "--from", address)
    assert answer.returncode == 0, answer.stderr
    assert site.ranges_of(CLEAN)[-1] == ""
    assert files_in(tmp_path) == published


def test_server_without_versions_is_asked_from_the_start(
    tmp_path: Path, address: str, site: FileSite, published: dict[str, bytes]
) -> None:
    site.drops[CLEAN], site.sends_etag = 1, False
    assert download(tmp_path, "--from", address).returncode == 0
    assert site.ranges_of(CLEAN) == ["", ""]
    assert files_in(tmp_path) == published


def test_part_of_an_older_version_is_not_glued_to_a_newer_one(
    tmp_path: Path, address: str, site: FileSite, published: dict[str, bytes]
) -> None:
    del site.files["SHA256SUMS"]  # so that nothing but the version can tell
    site.chunk_pause_s = 0.2
    running = start_download(tmp_path, address)
    part = tmp_path / f"{FRAMES[0]}.part"
    until(lambda: part.exists() and part.stat().st_size > 2_000)
    kill_group(running)
    site.chunk_pause_s = 0.0
    site.files[FRAMES[0]] = parquet(77)
    answer = download(tmp_path, "--from", address)
    assert answer.returncode == 0, answer.stderr
    assert files_in(tmp_path) == {**published, FRAMES[0]: parquet(77)}


def test_wrong_checksum_replaces_nothing_and_leaves_no_part(
    tmp_path: Path, address: str, site: FileSite, old: dict[str, bytes]
) -> None:
    site.files[FRAMES[0]] = parquet(66)  # sound, but not what SHA256SUMS says
    answer = download(tmp_path, "--from", address)
    assert answer.returncode == 1
    assert f"{FRAMES[0]} has the SHA-256" in answer.stderr
    assert "Nothing was replaced" in answer.stderr
    assert files_in(tmp_path) == old


@pytest.mark.parametrize("status", [404, 403])
def test_missing_file_is_named_and_replaces_nothing(
    tmp_path: Path, address: str, site: FileSite, old: dict[str, bytes], status: int
) -> None:
    site.statuses[FRAMES[0]] = status
    answer = download(tmp_path, "--from", address)
    assert answer.returncode == 1
    assert f"{address}/{FRAMES[0]} returns HTTP status {status}" in answer.stderr
    assert files_in(tmp_path) == old


def test_a_late_failure_replaces_none_of_the_set(
    tmp_path: Path, address: str, site: FileSite, published: dict[str, bytes], old: dict[str, bytes]
) -> None:
    site.statuses[MODEL] = 404
    assert download(tmp_path, "--from", address).returncode == 1
    found = files_in(tmp_path)
    assert {name: found[name] for name in old} == old
    site.statuses.clear()
    site.requests.clear()
    assert download(tmp_path, "--from", address).returncode == 0
    assert [path for path, _ in site.requests] == ["SHA256SUMS", MODEL]
    assert files_in(tmp_path) == published


@pytest.mark.parametrize("name", [FRAMES[0], CLEAN, MODEL])
@pytest.mark.parametrize("kind", ["page", "torso", "empty"])
def test_what_is_no_such_file_never_lands(
    tmp_path: Path, address: str, site: FileSite, old: dict[str, bytes], name: str, kind: str
) -> None:
    del site.files["SHA256SUMS"]
    whole = site.files[name]
    wrong = {"page": b"<!DOCTYPE html><p>Please log in.</p>", "torso": whole[:-30], "empty": b""}
    site.files[name] = wrong[kind]
    answer = download(tmp_path, "--from", address)
    assert answer.returncode == 1
    assert f"the download of {name} is not such a file" in answer.stderr
    found = files_in(tmp_path)
    assert {name: found[name] for name in old} == old
    assert f"{name}.part" not in found


def test_killed_download_leaves_good_files_and_is_continued(
    tmp_path: Path, address: str, site: FileSite, published: dict[str, bytes], old: dict[str, bytes]
) -> None:
    site.chunk_pause_s = 0.2
    running = start_download(tmp_path, address)
    part = tmp_path / f"{FRAMES[0]}.part"
    until(lambda: part.exists() and part.stat().st_size > 2_000)
    kill_group(running)
    found = files_in(tmp_path)
    assert {name: found[name] for name in old} == old
    size, site.chunk_pause_s = part.stat().st_size, 0.0
    assert download(tmp_path, "--from", address).returncode == 0
    assert site.ranges_of(FRAMES[0]) == ["", f"bytes={size}-"]
    assert files_in(tmp_path) == published
