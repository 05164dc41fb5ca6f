"""The keeper brings back what was removed: once each time, and never beside a reload."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from classes.errors import ReloadBusyError, ReloadRefusedError
from config import Config
from processes import snapshot_keeper
from processes.snapshot_keeper import SnapshotKeeper
from storage.snapshot_folder import SnapshotFolder
from tests.support.process import until
from tests.support.services import copy_of

Restore = Callable[[], None]


class StoreOf:
    """A store that restores as it is told, and counts how often."""

    def __init__(self, act: Restore) -> None:
        self.act = act
        self.n_calls = 0

    def restore(self, announce: Callable[[str], None]) -> None:
        self.n_calls += 1
        self.act()


@pytest.fixture
def config(published: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    monkeypatch.setattr(snapshot_keeper, "POLL_INTERVAL_S", 0.01)
    return copy_of(published, tmp_path)


@pytest.fixture
def keep(config: Config, monkeypatch: pytest.MonkeyPatch) -> Iterator[Callable[[Restore], StoreOf]]:
    keepers: list[SnapshotKeeper] = []

    def start(act: Restore) -> StoreOf:
        store = StoreOf(act)
        monkeypatch.setattr(snapshot_keeper, "open_store", lambda *_, **__: store)
        keepers.append(SnapshotKeeper(config))
        keepers[0].start()
        return store

    yield start
    keepers[0].stop()


def polls(config: Config, monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Collect what each look at the folder found missing."""
    found: list[str] = []
    missing = SnapshotKeeper._missing

    def look(self: SnapshotKeeper) -> str:
        found.append(missing(self))
        return found[-1]

    monkeypatch.setattr(SnapshotKeeper, "_missing", look)
    return found


def test_nothing_is_restored_while_everything_is_there(
    config: Config, keep: Callable[[Restore], StoreOf], monkeypatch: pytest.MonkeyPatch
) -> None:
    found = polls(config, monkeypatch)
    store = keep(lambda: None)
    until(lambda: len(found) > 5)
    assert (store.n_calls, set(found)) == (0, {""})


@pytest.mark.parametrize("what", ["current", "generations", "top_lists", "."])
def test_a_failed_restoration_is_not_repeated_until_something_else_vanishes(
    what: str, config: Config, keep: Callable[[Restore], StoreOf], monkeypatch: pytest.MonkeyPatch
) -> None:
    def refuse() -> None:
        raise ReloadRefusedError("clean_df.pq is missing")

    found = polls(config, monkeypatch)
    backup = config.snapshot_path.with_name("backup")
    shutil.copytree(config.snapshot_path, backup)
    store = keep(refuse)
    for n_expected in (1, 2):
        path = config.snapshot_path / what
        path.unlink() if path.is_file() else shutil.rmtree(path)
        n_before = len(found)
        until(lambda n=n_before: len(found) > n + 5)
        assert store.n_calls == n_expected
        shutil.copytree(backup, config.snapshot_path, dirs_exist_ok=True)
        until(lambda: found[-1] == "")


def test_it_waits_for_a_reload_that_may_bring_everything_back(
    config: Config, keep: Callable[[Restore], StoreOf], monkeypatch: pytest.MonkeyPatch
) -> None:
    def busy() -> None:
        raise ReloadBusyError("Another reload is running")

    pointer = SnapshotFolder(config.snapshot_path).pointer
    served = pointer.read()
    assert served is not None
    found = polls(config, monkeypatch)
    store = keep(busy)
    (config.snapshot_path / "current").unlink()
    until(lambda: store.n_calls > 2)
    pointer.replace(served)
    until(lambda: found[-1] == "")
    n_calls, n_polls = store.n_calls, len(found)
    until(lambda: len(found) > n_polls + 5)
    assert store.n_calls == n_calls
