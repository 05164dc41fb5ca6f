"""download_data.sh with a local web server or a folder: what arrives, and what is fetched again."""

from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from tests.support.downloads import RAW, REVIEWS, download, files_in, put, sums
from tests.support.file_server import FileSite

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")


def test_all_files_arrive_where_the_settings_point(
    tmp_path: Path, address: str, published: dict[str, bytes]
) -> None:
    answer = download(tmp_path, "--from", address + "/")
    assert answer.returncode == 0, answer.stderr
    assert files_in(tmp_path) == published
    assert "6 files fetched" in answer.stderr


def test_new_files_replace_old_ones(
    tmp_path: Path, address: str, published: dict[str, bytes], old: dict[str, bytes]
) -> None:
    assert files_in(tmp_path) == old
    assert download(tmp_path, "--from", address).returncode == 0
    assert files_in(tmp_path) == published


def test_files_that_are_here_by_checksum_are_not_fetched_again(
    tmp_path: Path, address: str, site: FileSite
) -> None:
    download(tmp_path, "--from", address)
    site.requests.clear()
    answer = download(tmp_path, "--from", address)
    assert answer.returncode == 0
    assert [path for path, _ in site.requests] == ["SHA256SUMS"]
    assert "already here" in answer.stderr


def test_folder_on_disk_serves_as_well(tmp_path: Path, published: dict[str, bytes]) -> None:
    folder, home = tmp_path / "a folder", tmp_path / "home"
    put(folder, {**published, "SHA256SUMS": sums(published)})
    answer = download(home, "--from", f"file://{str(folder).replace(' ', '%20')}")
    assert answer.returncode == 0, answer.stderr
    assert "No checksums" not in answer.stderr
    assert files_in(home) == published


def test_absent_folder_is_named(tmp_path: Path, old: dict[str, bytes]) -> None:
    answer = download(tmp_path, "--from", "file:///no/such/folder")
    assert answer.returncode == 1
    assert "file:///no/such/folder/embeddings/user_review_emb_df.pq can't be read" in answer.stderr
    assert files_in(tmp_path) == old


def test_raw_reviews_come_from_the_folder_too(tmp_path: Path, address: str, site: FileSite) -> None:
    site.files[RAW] = REVIEWS
    assert download(tmp_path, "--raw", "--from", address).returncode == 0
    assert files_in(tmp_path) == {RAW: REVIEWS}


def test_page_instead_of_reviews_never_lands(tmp_path: Path, address: str, site: FileSite) -> None:
    site.files[RAW] = b"<html>rating reviewTime</html>"
    put(tmp_path, {RAW: REVIEWS})
    assert download(tmp_path, "--raw", "--from", address).returncode == 1
    assert files_in(tmp_path) == {RAW: REVIEWS}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--from",), "--from got ''; expected an address"),
        (("--from", "ftp://host/x"), "--from got 'ftp://host/x'; expected an address"),
        (("--all",), "unknown option '--all'"),
    ],
)
def test_wrong_options_are_explained(tmp_path: Path, options: tuple[str, ...], words: str) -> None:
    answer = download(tmp_path, *options)
    assert answer.returncode == 1
    assert words in answer.stderr
    assert files_in(tmp_path) == {}


def test_help_names_every_option_and_folder(tmp_path: Path) -> None:
    answer = download(tmp_path, "--help")
    assert answer.returncode == 0
    for word in ("--raw", "--from URL", "--help", "DATA_PATH", "EMBEDDINGS_PATH", "MODEL_PATH"):
        assert word in answer.stdout
