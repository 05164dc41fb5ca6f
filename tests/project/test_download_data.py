"""download_data.sh with a local web server: files in place survive every failure."""

from __future__ import annotations

import hashlib
import io
import os
import shutil
import signal
import subprocess
import sys
import time
import zipfile
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pandas as pd
import pytest

from config import PROJECT_ROOT
from tests.support.file_server import FileSite, serving

SCRIPT = PROJECT_ROOT / "download_data.sh"
CLEAN, MODEL, RAW = "data/clean_df.pq", "models/best_model.keras", "data/amazon_reviews.csv"
FRAMES = (
    "embeddings/user_review_emb_df.pq",
    "embeddings/user_item_emb_df.pq",
    "embeddings/item_price_df.pq",
    "embeddings/item_desc_emb_df.pq",
    CLEAN,
)
REVIEWS = b"userName,itemName,rating,reviewTime\nann,lamp,5.0,2018-01-01\n"

pytestmark = pytest.mark.skipif(shutil.which("curl") is None, reason="needs curl")


def _parquet(seed: int) -> bytes:
    values = np.random.default_rng(seed).normal(size=(400, 8))
    buffer = io.BytesIO()
    pd.DataFrame(values, columns=list("abcdefgh")).to_parquet(buffer)
    return buffer.getvalue()


def _zip(**members: bytes) -> bytes:
    buffer = io.BytesIO()
    with zipfile.ZipFile(buffer, "w") as archive:
        for name, content in members.items():
            archive.writestr(name.replace("__", "."), content)
    return buffer.getvalue()


def _sums(files: dict[str, bytes]) -> bytes:
    lines = [f"{hashlib.sha256(content).hexdigest()}  {name}" for name, content in files.items()]
    return "\n".join(lines).encode() + b"\n"


@pytest.fixture
def published() -> dict[str, bytes]:
    files = {name: _parquet(seed) for seed, name in enumerate(FRAMES)}
    return {**files, MODEL: _zip(config__json=b"{}", weights__h5=bytes(5_000))}


@pytest.fixture
def site(published: dict[str, bytes]) -> FileSite:
    return FileSite({**published, "SHA256SUMS": _sums(published)})


@pytest.fixture
def address(site: FileSite) -> Iterator[str]:
    with serving(site) as url:
        yield url


def _environment(home: Path, path: str | None = None) -> dict[str, str]:
    return {
        "PATH": path or os.environ["PATH"],
        "HOME": str(home),
        "DATA_PATH": str(home / "data"),
        "EMBEDDINGS_PATH": str(home / "embeddings"),
        "MODEL_PATH": str(home / "models"),
    }


def _download(
    home: Path, *options: str, path: str | None = None, script: Path = SCRIPT
) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["bash", str(script), *options],
        env=_environment(home, path),
        capture_output=True,
        text=True,
        timeout=120,
        check=False,
    )


def _have(home: Path, files: dict[str, bytes]) -> None:
    for name, content in files.items():
        (home / name).parent.mkdir(parents=True, exist_ok=True)
        (home / name).write_bytes(content)


def _found(home: Path) -> dict[str, bytes]:
    files = (path for path in home.rglob("*") if path.is_file())
    return {str(path.relative_to(home)): path.read_bytes() for path in files}


@pytest.fixture
def old(tmp_path: Path) -> dict[str, bytes]:
    """Older files that are already in place."""
    files = {name: _parquet(100 + seed) for seed, name in enumerate(FRAMES)}
    files[MODEL] = _zip(config__json=b'{"old": true}')
    _have(tmp_path, files)
    return files


def test_all_files_arrive_where_the_settings_point(
    tmp_path: Path, address: str, published: dict[str, bytes]
) -> None:
    answer = _download(tmp_path, "--from", address + "/")
    assert answer.returncode == 0, answer.stderr
    assert _found(tmp_path) == published
    assert "6 files fetched" in answer.stderr


def test_new_files_replace_old_ones(
    tmp_path: Path, address: str, published: dict[str, bytes], old: dict[str, bytes]
) -> None:
    assert _found(tmp_path) == old
    assert _download(tmp_path, "--from", address).returncode == 0
    assert _found(tmp_path) == published


def test_files_that_are_here_by_checksum_are_not_fetched_again(
    tmp_path: Path, address: str, site: FileSite
) -> None:
    _download(tmp_path, "--from", address)
    site.requests.clear()
    answer = _download(tmp_path, "--from", address)
    assert answer.returncode == 0
    assert [path for path, _ in site.requests] == ["SHA256SUMS"]
    assert "already here" in answer.stderr


def test_dropped_connection_is_continued_where_it_broke(
    tmp_path: Path, address: str, site: FileSite, published: dict[str, bytes]
) -> None:
    site.drops[CLEAN] = 2
    answer = _download(tmp_path, "--from", address)
    assert answer.returncode == 0, answer.stderr
    half = len(published[CLEAN]) // 2
    three_quarters = half + (len(published[CLEAN]) - half) // 2
    assert site.ranges_of(CLEAN) == ["", f"bytes={half}-", f"bytes={three_quarters}-"]
    assert _found(tmp_path) == published


def test_server_that_ignores_ranges_is_asked_from_the_start(
    tmp_path: Path, address: str, site: FileSite, published: dict[str, bytes]
) -> None:
    site.drops[CLEAN], site.ignores_ranges = 1, True
    answer = _download(tmp_path, "--from", address)
    assert answer.returncode == 0, answer.stderr
    assert site.ranges_of(CLEAN)[-1] == ""
    assert _found(tmp_path) == published


def test_server_without_versions_is_asked_from_the_start(
    tmp_path: Path, address: str, site: FileSite, published: dict[str, bytes]
) -> None:
    site.drops[CLEAN], site.sends_etag = 1, False
    assert _download(tmp_path, "--from", address).returncode == 0
    assert site.ranges_of(CLEAN) == ["", ""]
    assert _found(tmp_path) == published


def test_part_of_an_older_version_is_not_glued_to_a_newer_one(
    tmp_path: Path, address: str, site: FileSite, published: dict[str, bytes]
) -> None:
    del site.files["SHA256SUMS"]  # so that nothing but the version can tell
    site.chunk_pause_s = 0.2
    running = _start(tmp_path, address)
    part = tmp_path / f"{FRAMES[0]}.part"
    _wait_until(lambda: part.exists() and part.stat().st_size > 2_000)
    _kill(running)
    site.chunk_pause_s = 0.0
    site.files[FRAMES[0]] = _parquet(77)
    answer = _download(tmp_path, "--from", address)
    assert answer.returncode == 0, answer.stderr
    assert _found(tmp_path) == {**published, FRAMES[0]: _parquet(77)}


def test_wrong_checksum_replaces_nothing_and_leaves_no_part(
    tmp_path: Path, address: str, site: FileSite, old: dict[str, bytes]
) -> None:
    site.files[FRAMES[0]] = _parquet(66)  # sound, but not what SHA256SUMS says
    answer = _download(tmp_path, "--from", address)
    assert answer.returncode == 1
    assert f"{FRAMES[0]} has the SHA-256" in answer.stderr
    assert "Nothing was replaced" in answer.stderr
    assert _found(tmp_path) == old


@pytest.mark.parametrize("status", [404, 403])
def test_missing_file_is_named_and_replaces_nothing(
    tmp_path: Path, address: str, site: FileSite, old: dict[str, bytes], status: int
) -> None:
    site.statuses[FRAMES[0]] = status
    answer = _download(tmp_path, "--from", address)
    assert answer.returncode == 1
    assert f"{address}/{FRAMES[0]} returns HTTP status {status}" in answer.stderr
    assert _found(tmp_path) == old


def test_a_late_failure_replaces_none_of_the_set(
    tmp_path: Path, address: str, site: FileSite, published: dict[str, bytes], old: dict[str, bytes]
) -> None:
    site.statuses[MODEL] = 404
    assert _download(tmp_path, "--from", address).returncode == 1
    found = _found(tmp_path)
    assert {name: found[name] for name in old} == old
    site.statuses.clear()
    site.requests.clear()
    assert _download(tmp_path, "--from", address).returncode == 0
    assert [path for path, _ in site.requests] == ["SHA256SUMS", MODEL]
    assert _found(tmp_path) == published


@pytest.mark.parametrize("name", [FRAMES[0], CLEAN, MODEL])
@pytest.mark.parametrize("kind", ["page", "torso", "empty"])
def test_what_is_no_such_file_never_lands(
    tmp_path: Path, address: str, site: FileSite, old: dict[str, bytes], name: str, kind: str
) -> None:
    del site.files["SHA256SUMS"]
    whole = site.files[name]
    wrong = {"page": b"<!DOCTYPE html><p>Please log in.</p>", "torso": whole[:-30], "empty": b""}
    site.files[name] = wrong[kind]
    answer = _download(tmp_path, "--from", address)
    assert answer.returncode == 1
    assert f"the download of {name} is not such a file" in answer.stderr
    found = _found(tmp_path)
    assert {name: found[name] for name in old} == old
    assert f"{name}.part" not in found


def test_killed_download_leaves_good_files_and_is_continued(
    tmp_path: Path, address: str, site: FileSite, published: dict[str, bytes], old: dict[str, bytes]
) -> None:
    site.chunk_pause_s = 0.2
    running = _start(tmp_path, address)
    part = tmp_path / f"{FRAMES[0]}.part"
    _wait_until(lambda: part.exists() and part.stat().st_size > 2_000)
    _kill(running)
    found = _found(tmp_path)
    assert {name: found[name] for name in old} == old
    size, site.chunk_pause_s = part.stat().st_size, 0.0
    assert _download(tmp_path, "--from", address).returncode == 0
    assert site.ranges_of(FRAMES[0]) == ["", f"bytes={size}-"]
    assert _found(tmp_path) == published


def test_folder_on_disk_serves_as_well(tmp_path: Path, published: dict[str, bytes]) -> None:
    folder, home = tmp_path / "a folder", tmp_path / "home"
    _have(folder, {**published, "SHA256SUMS": _sums(published)})
    answer = _download(home, "--from", f"file://{str(folder).replace(' ', '%20')}")
    assert answer.returncode == 0, answer.stderr
    assert "No checksums" not in answer.stderr
    assert _found(home) == published


def test_absent_folder_is_named(tmp_path: Path, old: dict[str, bytes]) -> None:
    answer = _download(tmp_path, "--from", "file:///no/such/folder")
    assert answer.returncode == 1
    assert "file:///no/such/folder/embeddings/user_review_emb_df.pq can't be read" in answer.stderr
    assert _found(tmp_path) == old


def test_raw_reviews_come_from_the_folder_too(tmp_path: Path, address: str, site: FileSite) -> None:
    site.files[RAW] = REVIEWS
    assert _download(tmp_path, "--raw", "--from", address).returncode == 0
    assert _found(tmp_path) == {RAW: REVIEWS}


def test_page_instead_of_reviews_never_lands(tmp_path: Path, address: str, site: FileSite) -> None:
    site.files[RAW] = b"<html>rating reviewTime</html>"
    _have(tmp_path, {RAW: REVIEWS})
    assert _download(tmp_path, "--raw", "--from", address).returncode == 1
    assert _found(tmp_path) == {RAW: REVIEWS}


@pytest.mark.parametrize(
    ("options", "words"),
    [
        (("--from",), "--from got ''; expected an address"),
        (("--from", "ftp://host/x"), "--from got 'ftp://host/x'; expected an address"),
        (("--all",), "unknown option '--all'"),
    ],
)
def test_wrong_options_are_explained(tmp_path: Path, options: tuple[str, ...], words: str) -> None:
    answer = _download(tmp_path, *options)
    assert answer.returncode == 1
    assert words in answer.stderr
    assert _found(tmp_path) == {}


def test_help_names_every_option_and_folder(tmp_path: Path) -> None:
    answer = _download(tmp_path, "--help")
    assert answer.returncode == 0
    for word in ("--raw", "--from URL", "--help", "DATA_PATH", "EMBEDDINGS_PATH", "MODEL_PATH"):
        assert word in answer.stdout


# --- Google Drive and Kaggle can't be reached from a test. These hold our half to its word:
# --- which ids are asked for, what happens with what comes. A command of the same name that
# --- hands out local files stands where gdown and kaggle would be.


@pytest.fixture
def elsewhere(tmp_path: Path) -> Path:
    """A copy of the script outside the checkout, whose .venv may have the real gdown."""
    return Path(shutil.copy(SCRIPT, tmp_path))


def _commands(folder: Path, **scripts: str) -> str:
    """Put shell commands into a folder, beside the usual tools but for gdown and kaggle."""
    folder.mkdir()
    tools = "bash cat dirname mkdir rm mv head tail od tr cut wc awk grep sleep curl sha256sum"
    for tool in tools.split():
        (folder / tool).symlink_to(shutil.which(tool) or "/nonexistent")
    # The interpreter of the tests, since a version manager's launcher can't be linked to.
    scripts = {"python3": f'exec "{sys.executable}" "$@"', **scripts}
    for name, text in scripts.items():
        (folder / name).write_text(f"#!/bin/bash\nset -eu\n{text}\n")
        (folder / name).chmod(0o755)
    return str(folder)


def test_without_gdown_the_message_says_how_to_get_it(tmp_path: Path, elsewhere: Path) -> None:
    answer = _download(tmp_path / "h", path=_commands(tmp_path / "bin"), script=elsewhere)
    assert answer.returncode == 1
    assert "gdown is not installed" in answer.stderr
    assert "make pipeline" in answer.stderr


def test_artifacts_are_asked_for_by_their_published_ids(
    tmp_path: Path, elsewhere: Path, published: dict[str, bytes]
) -> None:
    ids = {
        "11XkUdutydCgVJ64t74fBxeFVhIsfCXHH": FRAMES[0],
        "1aWScZk_EEVmLbt0V5OvUGyK8zGKTNcoF": FRAMES[1],
        "17QUIqYcsvVlX4EDdaxa5t6PW5pf80Myq": FRAMES[2],
        "16U2HG8C3sMgv3YWqwL18oRaIjAqBe8oX": FRAMES[3],
        "1ZgCw-iRZ3SQwFXA9h9M22nkiN7QcBs0o": CLEAN,
        "1AQuABwQtkUJVhxWkEeUMZe_ZcI5VM3mH": MODEL,
    }
    drive, home = tmp_path / "drive", tmp_path / "home"
    _have(drive, {drive_id: published[name] for drive_id, name in ids.items()})
    # Called as: gdown --continue --output FILE ID
    path = _commands(tmp_path / "bin", gdown=f'cat "{drive}/$4" >"$3"')
    answer = _download(home, path=path, script=elsewhere)
    assert answer.returncode == 0, answer.stderr
    assert _found(home) == published


def test_page_from_the_drive_never_lands(
    tmp_path: Path, elsewhere: Path, old: dict[str, bytes]
) -> None:
    path = _commands(tmp_path / "bin", gdown='echo "<html>Quota exceeded</html>" >"$3"')
    answer = _download(tmp_path, path=path, script=elsewhere)
    assert answer.returncode == 1
    assert "it begins with '<html>Quota exceeded</html>'" in answer.stderr
    found = _found(tmp_path)
    assert {name: found[name] for name in old} == old


@pytest.mark.parametrize("with_kaggle", [True, False])
def test_raw_reviews_are_unpacked_from_kaggle_or_the_drive(
    tmp_path: Path, elsewhere: Path, with_kaggle: bool
) -> None:
    home, archive = tmp_path / "home", tmp_path / "archive"
    archive.write_bytes(_zip(reviews__csv=REVIEWS, readme__txt=b"hello"))
    scripts = {"gdown": f'test "$4" = 1gyMc40KnAqzMkAVjuYTOFq4q0JgFSk11; cat "{archive}" >"$3"'}
    if with_kaggle:  # called as: kaggle datasets download NAME --path FOLDER
        scripts = {"kaggle": f'cat "{archive}" >"$5/${{3#*/}}.zip"'}
    answer = _download(home, "--raw", path=_commands(tmp_path / "bin", **scripts), script=elsewhere)
    assert answer.returncode == 0, answer.stderr
    assert _found(home) == {RAW: REVIEWS}


def test_broken_archive_replaces_nothing(tmp_path: Path, elsewhere: Path) -> None:
    home, archive = tmp_path / "home", tmp_path / "archive"
    archive.write_bytes(_zip(reviews__csv=REVIEWS)[:-40])
    _have(home, {RAW: b"mine"})
    path = _commands(tmp_path / "bin", gdown=f'cat "{archive}" >"$3"')
    answer = _download(home, "--raw", path=path, script=elsewhere)
    assert answer.returncode == 1
    assert "archive of reviews is broken" in answer.stderr
    assert _found(home) == {RAW: b"mine"}


def _start(home: Path, address: str) -> subprocess.Popen[bytes]:
    """Start a download as a process group of its own."""
    return subprocess.Popen(
        ["bash", str(SCRIPT), "--from", address],
        env=_environment(home),
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )


def _kill(running: subprocess.Popen[bytes]) -> None:
    os.killpg(running.pid, signal.SIGKILL)
    running.wait()


def _wait_until(happened: object, timeout_s: float = 20.0) -> None:
    assert callable(happened)
    deadline = time.monotonic() + timeout_s
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.02)
