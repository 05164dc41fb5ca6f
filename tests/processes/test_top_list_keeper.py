"""Top lists get complete whatever happens to the process that fills them."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path

import numpy as np
import psutil
import pytest

from classes.top_lists import DONE_FILE, TopLists
from config import Config
from processes import top_list_keeper
from processes.top_list_keeper import TopListKeeper
from storage.snapshot_folder import SnapshotFolder
from tests.support.process import until
from tests.support.services import copy_of


@pytest.fixture
def config(published: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    """A published snapshot whose top lists are all missing."""
    monkeypatch.setattr(top_list_keeper, "POLL_INTERVAL_S", 0.05)
    config = copy_of(published, tmp_path)
    for path in (config.snapshot_path / "top_lists").glob(f"*/{DONE_FILE}"):
        np.save(path, np.zeros_like(np.load(path)))
    return config


@pytest.fixture
def keeper(config: Config) -> Iterator[TopListKeeper]:
    keeper = TopListKeeper(config)
    keeper.start()
    yield keeper
    keeper.stop()


def is_complete(config: Config) -> bool:
    [folder] = (config.snapshot_path / "top_lists").iterdir()
    return TopLists.open(folder).progress == 1.0


def fillers() -> list[psutil.Process]:
    """The running fillers that this process has started."""
    running = [each for each in psutil.Process().children() if each.status() != "zombie"]
    return [each for each in running if "processes.fill_top_lists" in each.cmdline()]


def test_a_killed_filler_is_started_again(config: Config, keeper: TopListKeeper) -> None:
    until(fillers)
    for filler in fillers():
        filler.kill()
    until(lambda: is_complete(config))


def test_a_generation_that_could_not_be_opened_is_tried_again_when_it_is_published_again(
    config: Config, caplog: pytest.LogCaptureFixture
) -> None:
    folder = SnapshotFolder(config.snapshot_path)
    pointer = folder.pointer.read()
    assert pointer is not None
    generation, aside = folder.generation(pointer.generation), config.snapshot_path / "aside"
    shutil.move(generation, aside)
    keeper = TopListKeeper(config)
    keeper.start()
    try:
        until(lambda: "can't be computed" in caplog.text)
        assert not is_complete(config)
        shutil.move(aside, generation)
        folder.pointer.replace(pointer)
        until(lambda: is_complete(config))
    finally:
        keeper.stop()
