from __future__ import annotations

import shutil
from dataclasses import replace
from pathlib import Path

import pytest

from classes.publication.shared import SharedPublication
from classes.publication.store_state import StoreState, StoreStateFile
from config import Config
from processes.store_follower import StoreFollower
from storage.remote.object_store import ObjectStore
from storage.remote.snapshots import GENERATIONS
from storage.snapshot_folder import SnapshotFolder
from tests.support.services import config_in

pytestmark = pytest.mark.scale


@pytest.fixture
def url(tmp_path: Path, published: Config) -> str:
    """A store where another machine has published a generation of the tiny artifacts."""
    pytest.importorskip("obstore")
    url = (tmp_path / "store").as_uri()
    shutil.copytree(published.snapshot_path, tmp_path / "builder")
    folder = SnapshotFolder(tmp_path / "builder")
    pointer = folder.pointer.read()
    assert pointer is not None
    SharedPublication(folder, url, 24).publish(pointer)
    return url


@pytest.fixture
def config(tmp_path: Path, url: str) -> Config:
    config = config_in(tmp_path / "replica", snapshot_url=url)
    config.run_path.mkdir(parents=True)
    return config


def look(follower: StoreFollower, config: Config) -> StoreState:
    follower._look()
    state = StoreStateFile(config.run_path).read()
    assert state is not None
    return state


def test_a_look_brings_what_the_store_has_and_removes_what_nobody_needs(config: Config) -> None:
    folder = SnapshotFolder(config.snapshot_path)
    for old in (folder.generation("abcdefabcdefabcd"), folder.top_lists("abcdefabcdefabcd")):
        old.mkdir(parents=True)
    state = look(StoreFollower(config), config)
    assert (state.reachable, state.behind) == (True, False)
    pointer = folder.pointer.read()
    assert pointer is not None
    assert folder.is_sound(pointer.generation)
    assert not folder.generation("abcdefabcdefabcd").exists()
    assert not folder.top_lists("abcdefabcdefabcd").exists()


def test_during_a_build_nothing_is_removed(config: Config) -> None:
    folder = SnapshotFolder(config.snapshot_path)
    new = folder.generation("abcdefabcdefabcd")
    new.mkdir(parents=True)
    with folder.lock():
        look(StoreFollower(config), config)
    assert new.exists()
    assert folder.pointer.read() is not None


def test_a_damaged_copy_is_reported_and_not_fetched_at_every_look(
    config: Config, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = ObjectStore(url)
    array = next(found for found in store.list(GENERATIONS) if found.key.endswith(".npy"))
    content = b"".join(store.download(array.key, array.n_bytes))
    store.upload(array.key, b"\0" * array.n_bytes)
    follower = StoreFollower(config)
    state = look(follower, config)
    assert (state.reachable, state.behind) == (True, True)
    assert "differs from its hash" in state.reason
    store.upload(array.key, content)
    assert look(follower, config).behind
    monkeypatch.setattr("processes.store_follower.time.monotonic", lambda: float("inf"))
    state = look(follower, config)
    assert (state.behind, state.reason) == (False, "")


def test_a_store_that_is_away_is_reported_with_the_time_since(
    config: Config, url: str, caplog: pytest.LogCaptureFixture
) -> None:
    reached = look(StoreFollower(config), config)
    away = replace(
        config,
        snapshot_url="s3://shop/x?endpoint=http://127.0.0.1:9&access_key_id=a&secret_access_key=b",
    )
    follower = StoreFollower(away)
    state = look(follower, away)
    assert (state.reachable, state.behind) == (False, False)
    assert state.since > reached.since
    assert look(follower, away).since == state.since
    warnings = [record for record in caplog.records if record.levelname == "WARNING"]
    assert len(warnings) == 1
    assert SnapshotFolder(config.snapshot_path).pointer.read() is not None
