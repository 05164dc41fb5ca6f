from __future__ import annotations

import shutil
from pathlib import Path

import pytest

from benchmarks.replicas.object_server import ObjectServer
from classes.publication.shared import SharedPublication
from config import Config
from storage.snapshot_folder import SnapshotFolder
from tests.support.machines import KEEP_HOURS, Machine


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
