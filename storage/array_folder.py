"""A folder of arrays on disk: one `.npy` per name, a manifest of checksums, mapped read-only."""

from __future__ import annotations

import errno
import hashlib
import os
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from storage.atomic import replacing, sync
from storage.json_file import read_json, write_json

MANIFEST = "manifest.json"


class DamagedFolderError(ValueError):
    """A folder of arrays lacks a file or holds other bytes than its manifest says."""


def save_arrays(
    folder: Path, arrays: Mapping[str, NDArray[np.generic]], about: Mapping[str, Any]
) -> None:
    """Write arrays and a manifest that says what they are, and sync them to the disk.

    Files already in the folder (a copied model, for example) are listed in the manifest too.
    """
    for name, array in arrays.items():
        _write_array(folder / f"{name}.npy", array)
    files = sorted(path for path in folder.iterdir() if path.is_file() and path.name != MANIFEST)
    listed = {path.name: {"sha256": checksum(path), "bytes": path.stat().st_size} for path in files}
    manifest = folder / MANIFEST
    write_json(manifest, {**about, "files": listed}, indent=1)
    for path in (*files, manifest, folder):
        sync(path)


def open_arrays(folder: Path) -> dict[str, NDArray[np.generic]]:
    """Map every array of the folder read-only; nothing is read until it is used."""
    return {path.stem: _open_array(path) for path in folder.glob("*.npy")}


def replace_array(path: Path, array: NDArray[np.generic]) -> None:
    """Write one array (path ending in .npy), atomically."""
    with replacing(path) as unfinished:
        _write_array(unfinished, array)


def load_array(path: Path, mmap_mode: Literal["r", "r+"] | None = None) -> Any:
    """Load or map one array.

    Raises:
        OSError: The file can't be read.
        ValueError: It doesn't hold a whole array.
    """
    try:
        return np.load(path, mmap_mode=mmap_mode, allow_pickle=False)
    except EOFError as error:  # what NumPy raises for an empty file
        raise ValueError(f"{path} is empty") from error


def read_manifest(folder: Path) -> dict[str, Any]:
    """Read what `save_arrays` was told about the folder.

    Raises:
        DamagedFolderError: There is no readable manifest.
    """
    try:
        manifest: dict[str, Any] = read_json(folder / MANIFEST)
    except (OSError, ValueError) as error:
        raise DamagedFolderError(f"{folder.name} has no readable manifest: {error}") from error
    return manifest


def verify(folder: Path) -> None:
    """Compare every file with the manifest.

    Raises:
        DamagedFolderError: A file is missing or its bytes differ.
    """
    for name, expected in read_manifest(folder)["files"].items():
        path = folder / name
        if not path.exists():
            raise DamagedFolderError(f"{folder.name}/{name} is missing.")
        if path.stat().st_size != expected["bytes"] or checksum(path) != expected["sha256"]:
            raise DamagedFolderError(f"{folder.name}/{name} differs from its checksum.")


def missing_file(folder: Path) -> Path | None:
    """Find a file that the manifest lists but the folder lacks, or the manifest itself."""
    try:
        names = read_manifest(folder)["files"]
    except DamagedFolderError:
        return folder / MANIFEST
    return next((folder / name for name in names if not (folder / name).exists()), None)


def checksum(path: Path) -> str:
    """Hash a file by SHA-256, as hex; a folder by the names and hashes of its files."""
    if path.is_dir():
        files = sorted(each for each in path.iterdir() if each.is_file())
        listed = "".join(f"{checksum(each)} {each.name}\n" for each in files)
        return hashlib.sha256(listed.encode()).hexdigest()
    with path.open("rb") as opened:
        return hashlib.file_digest(opened, "sha256").hexdigest()


def _write_array(path: Path, array: NDArray[np.generic]) -> None:
    try:
        np.save(path, np.ascontiguousarray(array), allow_pickle=False)
    except OSError as error:
        if error.errno is not None:
            raise
        # NumPy notices that less was written than it should be, but not why.
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC), str(path)) from error


def _open_array(path: Path) -> NDArray[np.generic]:
    array: NDArray[np.generic]
    try:
        # Indexing costs twice as much on np.memmap as on the plain view of the same pages.
        array = load_array(path, mmap_mode="r").view(np.ndarray)
    except ValueError:  # An empty array can't be mapped; a damaged one fails here again.
        array = load_array(path)
    return array
