"""Machines that publish to a store and follow it, each with a folder of its own."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable

from classes.publication.shared import SharedPublication
from classes.top_lists import TopLists
from storage.array_folder import MANIFEST
from storage.json_file import read_json, write_json
from storage.pointer import Pointer
from storage.remote.object_store import ObjectStore
from storage.remote.snapshots import GENERATIONS
from storage.snapshot_folder import SnapshotFolder

OTHER = "0123456789abcdef"
THIRD = "fedcba9876543210"
KEEP_HOURS = 24

Machine = Callable[[str], tuple[SnapshotFolder, SharedPublication]]


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
