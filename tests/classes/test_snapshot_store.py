"""Whether files are damaged or cut short, or the disk is full, the service continues."""

from __future__ import annotations

import errno
import shutil
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from classes.errors import NothingToRollBackError, ReloadFailedError
from config import Config
from processes.start_build import open_store
from storage.array_folder import save_arrays
from tests.support.artifacts import write_tiny_data
from tests.support.building import build
from tests.support.services import config_in, copy_of

USERS = ["kelly sullivan", "kelly haddad", "amir oconnor", "nobody"]


@pytest.fixture
def config(published: Config, tmp_path: Path) -> Config:
    """A service of its own on a copy of the published snapshot and its files."""
    return copy_of(published, tmp_path)


def build_other_data(config: Config, seed: int = 5) -> str:
    write_tiny_data(config.data_path.parent, seed=seed)
    ending, generation = build(config, "data")
    assert ending == "published"
    return generation


def generation_folder(config: Config, generation: str) -> Path:
    return config.snapshot_path / "generations" / generation


def test_broken_top_lists_do_no_harm_and_are_restarted_at_the_next_start(config: Config) -> None:
    before = open_store(config).current()
    lists = config.snapshot_path / "top_lists" / before.generation
    for name in ("rows.npy", "done.npy"):
        (lists / name).write_bytes(b"")
        store = open_store(config)
        assert store.current().recommender.recommend(USERS) == before.recommender.recommend(USERS)
        store.ensure(lambda _: None)
        assert store.current().generation == before.generation
        assert (lists / name).stat().st_size > 0


def test_a_reload_publishes_once_the_top_lists_are_filled(config: Config) -> None:
    build_other_data(config)
    assert open_store(config).current().recommender.progress == 1.0


def test_a_reload_without_time_to_fill_top_lists_publishes_at_once(config: Config) -> None:
    build_other_data(replace(config, reload_fill_s=0))
    recommender = open_store(config).current().recommender
    assert recommender.progress == 0.0
    assert all(len(items) == 5 for items in recommender.recommend(USERS).values())


def test_a_generation_that_a_killed_build_left_half_removed_is_built_again(config: Config) -> None:
    store = open_store(config)
    first = store.current().generation
    second = build_other_data(config)
    answers = store.current().recommender.recommend(USERS)
    store.rollback()
    (generation_folder(config, second) / "manifest.json").unlink()
    assert build(config, "data") == ("published", second)
    assert store.current().recommender.recommend(USERS) == answers
    assert store.rollback().generation == first


def test_a_rollback_to_a_damaged_generation_is_refused_and_nothing_changes(config: Config) -> None:
    store = open_store(config)
    first = store.current().generation
    second = build_other_data(config)
    names = generation_folder(config, first) / "data" / "seen_items.npy"
    names.write_bytes(names.read_bytes()[:-1])
    with pytest.raises(
        NothingToRollBackError, match=f"{first} can't serve: data/seen_items.npy differs"
    ):
        store.rollback()
    assert open_store(config).current().generation == second


def test_debris_of_killed_builds_goes_with_the_next_build(config: Config) -> None:
    (config.snapshot_path / "building-x" / "data").mkdir(parents=True)
    (config.snapshot_path / ".current-x").write_text("{")
    build_other_data(config)
    assert not list(config.snapshot_path.glob("building-*"))
    assert not list(config.snapshot_path.glob(".current-*"))


@contextmanager
def small_disk(folder: Path, size: str) -> Iterator[Path]:
    """A file system of its own of that size, where this machine lets us mount one."""
    folder.mkdir()
    mount = ["mount", "-t", "tmpfs", "-o", f"size={size}", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        pytest.skip("there is no mount command here, so no disk can be made that fills up")
    if done.returncode:
        pytest.skip(f"a small disk can't be mounted here: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def blocks_of(folder: Path) -> int:
    """The bytes that a folder takes on a disk of whole 4 KiB blocks."""
    return sum(-(-path.lstat().st_size // 4096) * 4096 + 4096 for path in folder.rglob("*"))


def test_an_array_larger_than_the_disk_is_a_full_disk_too(tmp_path: Path) -> None:
    with small_disk(tmp_path / "disk", "1M") as disk, pytest.raises(OSError) as failed:  # noqa: PT011 - by its errno
        save_arrays(disk, {"large": np.zeros(1_000_000)}, {})
    assert failed.value.errno == errno.ENOSPC


def test_a_full_disk_is_told_as_such_and_the_service_goes_on(
    config: Config, tmp_path: Path
) -> None:
    with small_disk(tmp_path / "disk", f"{blocks_of(config.snapshot_path) + 1_048_576}") as disk:
        shutil.copytree(config.snapshot_path, disk / "snapshots")
        config = replace(config, snapshot_path=disk / "snapshots")
        before = open_store(config).current()
        answers = before.recommender.recommend(USERS)
        write_tiny_data(config.data_path.parent, seed=5)
        free = shutil.disk_usage(disk).free
        for room in (0, 8_192, 40_960):
            (disk / "filler").write_bytes(bytes(free - room))
            ending, words = build(config, "data")
            assert (ending, "no space is left" in words) == ("failed", True), words
            assert open_store(config).current().recommender.recommend(USERS) == answers
            assert not list(config.snapshot_path.glob("building-*"))
        (disk / "filler").unlink()
        ending, generation = build(config, "data")
        assert (ending, generation == before.generation) == ("published", False)
        assert open_store(config).current().generation == generation


def test_a_failed_first_build_does_not_claim_that_something_is_served(tmp_path: Path) -> None:
    config = config_in(tmp_path, reload_timeout_s=1)  # Keras alone takes longer to import
    write_tiny_data(tmp_path)
    config.model_path.mkdir()
    (config.model_path / "best_model.keras").touch()
    with pytest.raises(
        ReloadFailedError, match="There is no earlier snapshot to serve; fix the cause"
    ):
        open_store(config).ensure(lambda _: None)
