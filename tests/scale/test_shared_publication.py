from __future__ import annotations

import json
import os
import shutil
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from benchmarks.replicas.object_server import ObjectServer
from classes.publication.rollback import roll_back
from classes.publication.shared import SharedPublication
from classes.snapshot import Snapshot
from classes.top_lists import TopLists
from config import Config
from storage.array_folder import MANIFEST, DamagedFolderError
from storage.json_file import read_json, write_json
from storage.pointer import Pointer
from storage.remote.client import StoreError
from storage.remote.object_store import ObjectMovedError, ObjectStore
from storage.remote.snapshots import GENERATIONS, POINTER
from storage.snapshot_folder import SnapshotFolder
from tests.support.building import build
from tests.support.services import config_in

pytestmark = pytest.mark.scale

OTHER = "0123456789abcdef"
THIRD = "fedcba9876543210"
KEEP_HOURS = 24

Machine = Callable[[str], tuple[SnapshotFolder, SharedPublication]]


@pytest.fixture(params=["s3", "file"])
def url(request: pytest.FixtureRequest, tmp_path: Path) -> str:
    """An empty place in a store of each kind that can be run here."""
    if request.param == "file":
        return (tmp_path / "store").as_uri()
    server: ObjectServer = request.getfixturevalue("server")
    return server.url(f"{tmp_path.name}/snapshots")


@pytest.fixture
def machine(url: str, tmp_path: Path) -> Machine:
    """Makes machines, each with an empty folder of its own."""

    def make(name: str) -> tuple[SnapshotFolder, SharedPublication]:
        folder = SnapshotFolder(tmp_path / name)
        return folder, SharedPublication(folder, url, KEEP_HOURS)

    return make


@pytest.fixture
def publisher(machine: Machine, published: Config, tmp_path: Path) -> SharedPublication:
    """The machine "builder", which has published a generation of the tiny artifacts."""
    shutil.copytree(published.snapshot_path, tmp_path / "builder")
    folder, publication = machine("builder")
    pointer = folder.pointer.read()
    assert pointer is not None
    publication.publish(pointer)
    return publication


def build_another(folder: SnapshotFolder, name: str) -> Pointer:
    """Put another generation beside the published one, with the same arrays."""
    pointer = folder.pointer.read()
    assert pointer is not None
    copy = folder.generation(name)
    shutil.copytree(folder.generation(pointer.generation), copy, copy_function=os.link)
    about = read_json(copy / MANIFEST)
    (copy / MANIFEST).unlink()
    write_json(copy / MANIFEST, {**about, "built_at": about["built_at"] + 1})
    TopLists.create(folder.top_lists(name), about["n_users"])
    return pointer.succeeded_by(name, pointer.sources)


def objects_of(url: str, generation: str) -> dict[str, str]:
    """Keys of the objects of a generation in the store, by their paths in its folder."""
    keys = [found.key for found in ObjectStore(url).list(f"{GENERATIONS}/{generation}")]
    return {key.split("/", 4)[4]: key for key in keys}


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


def test_publishing_again_mends_what_was_altered(
    publisher: SharedPublication, machine: Machine, url: str, tmp_path: Path
) -> None:
    pointer = SnapshotFolder(tmp_path / "builder").pointer.read()
    assert pointer is not None
    objects, store = objects_of(url, pointer.generation), ObjectStore(url)
    array = next(key for path, key in objects.items() if path.endswith(".npy"))
    store.upload(array, b"\0" * len(b"".join(store.download(array, 10**6))))
    publisher.base()
    publisher.publish(pointer)
    machine("replica")[1].follow()


def test_of_two_builders_one_wins_and_the_other_changes_nothing(
    publisher: SharedPublication, machine: Machine, tmp_path: Path
) -> None:
    folder, second = machine("second")
    second.base()
    publisher.base()
    publisher.publish(build_another(SnapshotFolder(tmp_path / "builder"), OTHER))
    before = folder.pointer.read()
    with pytest.raises(ObjectMovedError):
        second.publish(build_another(folder, THIRD))
    assert folder.pointer.read() == before
    followed = second.follow()
    assert followed is not None
    assert followed.generation == OTHER
    assert folder.pointer.read() == followed


def test_a_builder_that_is_overtaken_reports_that_another_reload_was_running(
    publisher: SharedPublication,
    machine: Machine,
    url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    builder = SnapshotFolder(tmp_path / "builder")
    publisher.publish(build_another(builder, OTHER))
    folder, second = machine("second")
    second.follow()
    before = folder.pointer.read()
    obtain = SharedPublication.obtain

    def overtaken(self: SharedPublication, generation: str) -> None:
        obtain(self, generation)
        publisher.publish(build_another(builder, THIRD))

    monkeypatch.setattr(SharedPublication, "obtain", overtaken)
    config = replace(config_in(tmp_path), snapshot_path=folder.root, snapshot_url=url)
    ending, words = build(config, "rollback")
    assert ending == "busy"
    assert "try again" in words
    assert "secret" not in words
    assert folder.pointer.read() == before


def test_a_full_store_refuses_what_is_published_and_nothing_changes(
    published: Config, tmp_path: Path
) -> None:
    shutil.copytree(published.snapshot_path, tmp_path / "builder")
    folder = SnapshotFolder(tmp_path / "builder")
    before = folder.pointer.read()
    assert before is not None
    with full_store() as url:
        publication = SharedPublication(folder, url, KEEP_HOURS)
        assert publication.base() == before
        with pytest.raises(StoreError, match="507"):
            publication.publish(build_another(folder, OTHER))
    assert folder.pointer.read() == before


@contextmanager
def full_store() -> Iterator[str]:
    """A store that is empty and takes nothing."""

    class Full(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            listing = b"<ListBucketResult><Name>shop</Name></ListBucketResult>"
            is_listing = "list-type" in self.path
            self.send_response(200 if is_listing else 404)
            self.send_header("Content-Length", str(len(listing)))
            self.end_headers()
            self.wfile.write(listing)

        def do_PUT(self) -> None:
            self.rfile.read(int(self.headers["Content-Length"]))
            self.send_response(507)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Say nothing."""

    with ThreadingHTTPServer(("127.0.0.1", 0), Full) as server:
        Thread(target=server.serve_forever, daemon=True).start()
        endpoint = f"http://127.0.0.1:{server.server_port}"
        yield f"s3://shop/p?endpoint={endpoint}&access_key_id=a&secret_access_key=b"
        server.shutdown()


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


def test_old_builds_are_swept_but_none_that_the_pointer_or_its_history_names(
    publisher: SharedPublication,
    url: str,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    builder = SnapshotFolder(tmp_path / "builder")
    first = builder.pointer.read()
    assert first is not None
    ObjectStore(url).upload(f"{GENERATIONS}/{THIRD}/{'ab' * 32}/inputs/half.npy", b"half")
    monkeypatch.setattr(time, "time", lambda now=time.time: now() + 23 * 3_600)
    publisher.publish(build_another(builder, OTHER))
    assert objects_of(url, THIRD)
    monkeypatch.setattr(time, "time", lambda now=time.time: now() + 2 * 3_600)
    pointer = builder.pointer.read()
    assert pointer is not None
    publisher.publish(pointer)
    assert not objects_of(url, THIRD)
    assert objects_of(url, first.generation)
    assert objects_of(url, OTHER)


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
