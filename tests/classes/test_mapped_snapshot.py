"""What a process has mapped stays in service while nothing better can be opened."""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from classes import mapped_snapshot
from classes.errors import NoSnapshotError, NothingToRollBackError, ReloadBusyError
from classes.snapshot import Snapshot
from classes.snapshot_store import SnapshotStore
from config import Config
from processes.start_build import open_store
from storage.artifacts import ArtifactError
from storage.snapshot_folder import SnapshotFolder
from tests.support.artifacts import write_tiny_data
from tests.support.building import build, open_store_here
from tests.support.services import copy_of

USERS = ["kelly sullivan", "kelly haddad", "amir oconnor", "nobody"]
Removal = Callable[[Path, str], None]

REMOVALS: dict[str, Removal] = {
    "the pointer": lambda root, _: (root / "current").unlink(),
    "the generation": lambda root, name: shutil.rmtree(root / "generations" / name),
    "one array": lambda root, name: (root / "generations" / name / "data/seen_items.npy").unlink(),
    "the whole folder": lambda root, _: shutil.rmtree(root),
}


@pytest.fixture
def config(published: Config, tmp_path: Path) -> Config:
    """A service of its own on a copy of the published snapshot and its files."""
    return copy_of(published, tmp_path)


def answers(store: SnapshotStore) -> tuple[object, ...]:
    snapshot = store.current()
    visitor = snapshot.data.visitor(np.array([3, 1]))
    ranking = snapshot.model.top_k_of_visitor(visitor, 5, snapshot.data.no_items)
    return snapshot.generation, snapshot.recommender.recommend(USERS), ranking.rows.tolist()


@pytest.mark.parametrize("what", REMOVALS)
def test_what_is_mapped_is_served_after_it_was_removed_until_it_is_restored(
    what: str, config: Config
) -> None:
    store, expected = open_store(config), answers(open_store(config))
    generation = store.current().generation
    REMOVALS[what](config.snapshot_path, generation)
    assert answers(store) == expected
    with pytest.raises(NoSnapshotError, match="POST /reload builds one"):
        open_store(config).current()
    open_store_here(config).restore(lambda _: None)
    assert SnapshotFolder(config.snapshot_path).missing(generation) == ""
    assert answers(store) == answers(open_store(config)) == expected


def test_a_published_generation_that_is_gone_is_looked_for_once_in_a_while_only(
    config: Config, monkeypatch: pytest.MonkeyPatch
) -> None:
    store = open_store(config)
    before = store.current()
    (config.snapshot_path / "current").write_text(
        '{"generation": "none", "history": [], "sources": {}}'
    )
    opened: list[Path] = []
    monkeypatch.setattr(Snapshot, "open", _refusing(opened))
    for _ in range(100):
        assert store.current() is before
    assert len(opened) == mapped_snapshot.OPEN_ATTEMPTS
    later = time.monotonic() + mapped_snapshot.RETRY_INTERVAL_S
    monkeypatch.setattr(time, "monotonic", lambda: later)
    assert store.current() is before
    assert len(opened) == 2 * mapped_snapshot.OPEN_ATTEMPTS


def _refusing(opened: list[Path]) -> Callable[..., Snapshot]:
    def refuse(folder: Path, *_: object) -> Snapshot:
        opened.append(folder)
        raise FileNotFoundError(folder)

    return refuse


@pytest.mark.parametrize(("part", "removed"), [("data", "model"), ("model", "data")])
def test_a_reload_of_one_part_says_that_the_other_is_missing_and_what_to_do(
    part: str, removed: str, config: Config
) -> None:
    generation = open_store(config).current().generation
    shutil.rmtree(config.snapshot_path / "generations" / generation / removed)
    ending, words = build(config, part)
    assert ending == "refused"
    assert f"{generation}/{removed}/manifest.json is missing" in words
    assert "POST /reload builds data and model" in words
    assert build(config, "data", "model") == ("published", generation)


def write_of_another_version(config: Config, generation: str) -> None:
    path = config.snapshot_path / "generations" / generation / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | {"format": 5}))


def test_a_generation_of_another_version_is_never_opened_and_is_replaced_at_the_start(
    config: Config,
) -> None:
    generation = open_store(config).current().generation
    write_of_another_version(config, generation)
    with pytest.raises(NoSnapshotError, match="in format 5; this one reads format"):
        open_store(config).current()
    ending, words = build(config, "data")
    assert (ending, "in format 5" in words, "POST /reload" in words) == ("refused", True, True)
    said: list[str] = []
    open_store_here(config).ensure(said.append)
    assert any("in format 5" in line for line in said)
    assert open_store(config).current().generation == generation


def test_a_generation_of_another_version_is_not_kept_where_no_new_one_can_be_built(
    config: Config,
) -> None:
    write_of_another_version(config, open_store(config).current().generation)
    (config.data_path / "clean_df.pq").unlink()
    with pytest.raises(ArtifactError, match=r"clean_df.pq is missing"):
        open_store_here(config).ensure(lambda _: None)


def test_there_is_no_rollback_to_a_generation_of_another_version(config: Config) -> None:
    store = open_store(config)
    first = store.current().generation
    write_tiny_data(config.data_path.parent, seed=5)
    ending, second = build(config, "data")
    assert ending == "published"
    write_of_another_version(config, first)
    with pytest.raises(NothingToRollBackError, match="in format 5"):
        store.rollback()
    assert store.current().generation == second


def test_restoring_top_lists_alone_builds_nothing_even_if_the_files_have_changed(
    config: Config,
) -> None:
    store = open_store(config)
    generation = store.current().generation
    shutil.rmtree(config.snapshot_path / "top_lists")
    write_tiny_data(config.data_path.parent, seed=5)
    store.restore(lambda _: pytest.fail("nothing is to be built"))
    assert store.current().generation == generation
    assert (config.snapshot_path / "top_lists" / generation / "rows.npy").exists()


def test_restoring_waits_for_a_reload_that_is_running(config: Config) -> None:
    shutil.rmtree(config.snapshot_path)
    with SnapshotFolder(config.snapshot_path).lock(), pytest.raises(ReloadBusyError):
        open_store(config).restore(lambda _: None)
