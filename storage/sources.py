"""The artifact files a snapshot is built from: where they are, and whether they changed."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

from config import Config
from storage.array_folder import checksum
from storage.artifacts import ArtifactError, ArtifactPaths, missing_file_message
from storage.parquet.parts import parts_of

FORMAT_VERSION = 9
"""Version of the snapshot folders; after it is raised, the next start builds a new snapshot."""


def artifact_paths(config: Config) -> ArtifactPaths:
    """Name the files that the settings point to."""
    return ArtifactPaths.in_folders(config.data_path, config.embeddings_path, config.model_path)


def data_files(paths: ArtifactPaths) -> tuple[Path, ...]:
    """List the files behind the data half of a snapshot; the last one is optional."""
    return (*required_data_files(paths), paths.item_affinity)


def required_data_files(paths: ArtifactPaths) -> tuple[Path, ...]:
    """List the required files of the data half."""
    return (paths.clean, paths.item_desc, paths.item_price, paths.user_review, paths.user_item)


def source_fingerprint(config: Config) -> dict[str, Any]:
    """Describe the present files by size, time and inode, without reading them.

    A missing file is part of it, and so are the settings that shape a snapshot.
    """
    paths = artifact_paths(config)
    files = {str(path): _file_fingerprint(path) for path in (*data_files(paths), paths.model)}
    return {
        "format": FORMAT_VERSION,
        "files": files,
        "cold_start_window_days": config.cold_start_window_days,
    }


def data_hash(config: Config) -> str:
    """Hash the content of the data files, and the settings that shape a snapshot.

    Raises:
        ArtifactError: A file is missing or can't be read.
    """
    digest = hashlib.sha256(str(config.cold_start_window_days).encode())
    paths = artifact_paths(config)
    for path in required_data_files(paths):
        digest.update(file_hash(path).encode())
    if paths.item_affinity.exists():
        digest.update(file_hash(paths.item_affinity).encode())
    return digest.hexdigest()


def file_hash(path: Path) -> str:
    """Hash the content of one file.

    Raises:
        ArtifactError: The file is missing or can't be read.
    """
    try:
        return checksum(path)
    except FileNotFoundError:
        raise ArtifactError(missing_file_message(path)) from None
    except OSError as error:
        raise ArtifactError(f"{path} can't be read: {error.strerror}.") from error


def _file_fingerprint(path: Path) -> list[int] | None:
    try:
        found = path.stat()
        parts = [part.stat() for part in parts_of(path)]
    except OSError:
        return None
    size, newest = sum(p.st_size for p in parts), max(p.st_mtime_ns for p in parts)
    return [size, max(newest, found.st_mtime_ns), found.st_ino]
