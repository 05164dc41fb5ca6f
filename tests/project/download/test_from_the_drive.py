"""download_data.sh with Google Drive and Kaggle, which can't be reached from a test.

These hold our half to its word: which ids are asked for, what happens with what comes. A command
of the same name that hands out local files stands where gdown and kaggle would be.
"""

from __future__ import annotations

import shutil
import sys
from pathlib import Path

import pytest

from tests.support.downloads import (
    CLEAN,
    FRAMES,
    MODEL,
    RAW,
    REVIEWS,
    SCRIPT,
    download,
    files_in,
    put,
    zipped,
)


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
    answer = download(tmp_path / "h", path=_commands(tmp_path / "bin"), script=elsewhere)
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
    put(drive, {drive_id: published[name] for drive_id, name in ids.items()})
    # Called as: gdown --continue --output FILE ID
    path = _commands(tmp_path / "bin", gdown=f'cat "{drive}/$4" >"$3"')
    answer = download(home, path=path, script=elsewhere)
    assert answer.returncode == 0, answer.stderr
    assert files_in(home) == published


def test_page_from_the_drive_never_lands(
    tmp_path: Path, elsewhere: Path, old: dict[str, bytes]
) -> None:
    path = _commands(tmp_path / "bin", gdown='echo "<html>Quota exceeded</html>" >"$3"')
    answer = download(tmp_path, path=path, script=elsewhere)
    assert answer.returncode == 1
    assert "it begins with '<html>Quota exceeded</html>'" in answer.stderr
    found = files_in(tmp_path)
    assert {name: found[name] for name in old} == old


@pytest.mark.parametrize("with_kaggle", [True, False])
def test_raw_reviews_are_unpacked_from_kaggle_or_the_drive(
    tmp_path: Path, elsewhere: Path, with_kaggle: bool
) -> None:
    home, archive = tmp_path / "home", tmp_path / "archive"
    archive.write_bytes(zipped(reviews__csv=REVIEWS, readme__txt=b"hello"))
    scripts = {"gdown": f'test "$4" = 1gyMc40KnAqzMkAVjuYTOFq4q0JgFSk11; cat "{archive}" >"$3"'}
    if with_kaggle:  # called as: kaggle datasets download NAME --path FOLDER
        scripts = {"kaggle": f'cat "{archive}" >"$5/${{3#*/}}.zip"'}
    answer = download(home, "--raw", path=_commands(tmp_path / "bin", **scripts), script=elsewhere)
    assert answer.returncode == 0, answer.stderr
    assert files_in(home) == {RAW: REVIEWS}


def test_broken_archive_replaces_nothing(tmp_path: Path, elsewhere: Path) -> None:
    home, archive = tmp_path / "home", tmp_path / "archive"
    archive.write_bytes(zipped(reviews__csv=REVIEWS)[:-40])
    put(home, {RAW: b"mine"})
    path = _commands(tmp_path / "bin", gdown=f'cat "{archive}" >"$3"')
    answer = download(home, "--raw", path=path, script=elsewhere)
    assert answer.returncode == 1
    assert "archive of reviews is broken" in answer.stderr
    assert files_in(home) == {RAW: b"mine"}
