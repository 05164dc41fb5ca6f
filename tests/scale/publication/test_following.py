"""Following a store: a machine takes what is whole there, and nothing else."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from classes.publication.rollback import roll_back
from classes.publication.shared import SharedPublication
from classes.snapshot import Snapshot
from classes.top_lists import TopLists
from storage.array_folder import MANIFEST, DamagedFolderError
from storage.remote.client import StoreError
from storage.remote.object_store import ObjectStore
from storage.remote.snapshots import POINTER
from storage.snapshot_folder import SnapshotFolder
from tests.support.machines import OTHER, Machine, build_another, objects_of

pytestmark = pytest.mark.scale


def files_in(folder: Path) -> dict[str, bytes]:
    return {
        str(path.relative_to(folder)): path.read_bytes()
        for path in folder.rglob("*")
        if path.is_file()
    }


def test_another_machine_follows_to_the_same_bytes(
    publisher: SharedPublication, machine: Machine, tmp_path: Path
) -> None:
    folder, replica = machine("replica")
    pointer = replica.follow()
    assert pointer == SnapshotFolder(tmp_path / "builder").pointer.read() == folder.pointer.read()
    assert pointer is not None
    there = SnapshotFolder(tmp_path / "builder").generation(pointer.generation)
    assert files_in(folder.generation(pointer.generation)) == files_in(there)
    Snapshot.open(folder.generation(pointer.generation))
    assert TopLists.open(folder.top_lists(pointer.generation)).progress < 1


def test_an_empty_store_has_nothing_to_follow(machine: Machine) -> None:
    folder, replica = machine("replica")
    assert replica.follow() is None
    assert folder.pointer.read() is None


def test_finished_top_lists_travel_with_the_generation(
    publisher: SharedPublication, machine: Machine, tmp_path: Path
) -> None:
    builder = SnapshotFolder(tmp_path / "builder")
    successor = build_another(builder, OTHER)
    lists = TopLists.open(builder.top_lists(OTHER), writable=True)
    for block in lists.open_blocks():
        lists.write_block(block, [[user % 3] for user in lists.users_of(block)])
    publisher.publish(successor)
    folder, replica = machine("replica")
    replica.follow()
    assert TopLists.open(folder.top_lists(OTHER)).progress == 1
    assert files_in(folder.top_lists(OTHER)) == files_in(builder.top_lists(OTHER))


@pytest.mark.parametrize("path", ["manifest.json", "model/manifest.json", "listing.json", "array"])
@pytest.mark.parametrize("how", ["removed", "cut short", "altered"])
def test_what_is_incomplete_or_altered_is_never_taken_over(
    publisher: SharedPublication, machine: Machine, url: str, path: str, how: str, tmp_path: Path
) -> None:
    folder, replica = machine("replica")
    replica.follow()
    before = folder.pointer.read()
    publisher.publish(build_another(SnapshotFolder(tmp_path / "builder"), OTHER))
    objects, store = objects_of(url, OTHER), ObjectStore(url)
    name = path if path != "array" else next(each for each in objects if each.endswith(".npy"))
    content = b"".join(store.download(objects[name], 10**6))
    if how == "removed":
        store.delete([objects[name]])
    else:
        last = b"" if how == "cut short" else bytes([content[-1] ^ 1])
        store.upload(objects[name], content[:-1] + last)
    fresh_folder, fresh = machine("fresh")
    with pytest.raises(DamagedFolderError):
        fresh.follow()
    assert fresh_folder.pointer.read() is None
    assert not fresh_folder.generation(OTHER).exists()
    if path != "array":  # the replica has the arrays, from the generation before
        with pytest.raises(DamagedFolderError):
            replica.follow()
        assert folder.pointer.read() == before


def test_a_rollback_moves_every_machine_and_fetches_what_is_missing(
    publisher: SharedPublication, machine: Machine, tmp_path: Path
) -> None:
    builder = SnapshotFolder(tmp_path / "builder")
    first = builder.pointer.read()
    assert first is not None
    publisher.publish(build_another(builder, OTHER))
    folder, replica = machine("fresh")
    replica.follow()
    assert not folder.generation(first.generation).exists()
    assert roll_back(folder, replica).generation == first.generation
    publisher.follow()
    assert builder.pointer.read() == folder.pointer.read()


def test_files_that_generations_share_are_fetched_once(
    publisher: SharedPublication,
    machine: Machine,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    _, replica = machine("replica")
    replica.follow()
    publisher.publish(build_another(SnapshotFolder(tmp_path / "builder"), OTHER))
    fetched = record_downloads(monkeypatch)
    replica.follow()
    assert {Path(key).name for key in fetched} == {MANIFEST}


def test_an_interrupted_fetch_is_continued(
    publisher: SharedPublication, machine: Machine, url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder, replica = machine("replica")
    shared = replica.look()
    assert shared is not None
    answers = iter([True] * 5)
    with pytest.raises(StoreError, match="about to stop"):
        replica.take_over(shared, lambda: next(answers, False))
    assert folder.pointer.read() is None
    fetched = record_downloads(monkeypatch)
    replica.take_over(shared)
    n_files = len(objects_of(url, shared.pointer.generation)) - 1
    assert len(fetched) <= n_files - 5
    assert [path.name for path in folder.root.glob("fetching-*")] == []


def record_downloads(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Note the keys of all objects that are downloaded from now on."""
    keys: list[str] = []
    download = ObjectStore.download

    def noting(self: ObjectStore, key: str, n_bytes: int):  # type: ignore[no-untyped-def]
        keys.append(key)
        return download(self, key, n_bytes)

    monkeypatch.setattr(ObjectStore, "download", noting)
    return keys


@pytest.mark.parametrize(
    "content",
    [
        b"no json",
        b"[]",
        b"{}",
        json.dumps(
            {"generation": "../../etc", "history": [], "sources": {}, "builds": {"../../etc": "aa"}}
        ).encode(),
        json.dumps({"generation": OTHER, "history": [], "sources": {}, "builds": {}}).encode(),
    ],
)
def test_a_pointer_that_makes_no_sense_is_refused(
    machine: Machine, url: str, content: bytes
) -> None:
    ObjectStore(url).upload(POINTER, content)
    folder, replica = machine("replica")
    with pytest.raises(StoreError, match="isn't a pointer"):
        replica.follow()
    assert folder.pointer.read() is None
