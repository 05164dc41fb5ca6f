"""Publishing to a store: one builder wins, what is published stays whole, and old builds are swept."""

from __future__ import annotations

import shutil
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from threading import Thread

import pytest

from classes.publication.shared import SharedPublication
from config import Config
from storage.remote.client import StoreError
from storage.remote.object_store import ObjectMovedError, ObjectStore
from storage.remote.snapshots import GENERATIONS
from storage.snapshot_folder import SnapshotFolder
from tests.support.building import build
from tests.support.machines import KEEP_HOURS, OTHER, THIRD, Machine, build_another, objects_of
from tests.support.services import config_in

pytestmark = pytest.mark.scale


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
