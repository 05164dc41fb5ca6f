"""What the files of a build are: their paths, sizes and hashes."""

from __future__ import annotations

import json
import re
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from storage.array_folder import MANIFEST, DamagedFolderError, checksum, read_manifest
from storage.snapshot_folder import PARTS

_PATH: Final = re.compile(r"(?:[a-z_]+/)?[A-Za-z0-9_][A-Za-z0-9_.-]*")


@dataclass(frozen=True)
class FileEntry:
    """A file as a listing describes it."""

    sha256: str
    n_bytes: int


Listing = dict[str, FileEntry]
"""Files by their paths in a generation's folder."""


def listing_of(folder: Path) -> Listing:
    """List the files of a generation as its manifests do, and the manifests.

    Raises:
        DamagedFolderError: A manifest is missing.
    """
    listing: Listing = {}
    for part in ("", *PARTS):
        for name, file in read_manifest(folder / part)["files"].items():
            listing[_join(part, name)] = FileEntry(file["sha256"], file["bytes"])
        listing[_join(part, MANIFEST)] = entry_of(folder / part / MANIFEST)
    return listing


def manifests_in(listing: Listing) -> Listing:
    """Pick the manifests, which decide what all other files of a generation are."""
    paths = [_join(part, MANIFEST) for part in ("", *PARTS)]
    return {path: listing[path] for path in paths}


def entry_of(path: Path) -> FileEntry:
    """Describe a file."""
    return FileEntry(checksum(path), path.stat().st_size)


def is_as_listed(path: Path, entry: FileEntry) -> bool:
    """Return whether a file is there as the listing says."""
    try:
        return path.stat().st_size == entry.n_bytes and checksum(path) == entry.sha256
    except FileNotFoundError:
        return False


def encode(listing: Listing) -> bytes:
    """Write a listing; the same files always give the same bytes."""
    return json.dumps({path: asdict(listing[path]) for path in sorted(listing)}, indent=1).encode()


def decode(content: bytes) -> Listing:
    """Read what `encode` wrote.

    Raises:
        DamagedFolderError: It names files outside of a generation's folder, or no manifests.
    """
    listing = {path: FileEntry(**entry) for path, entry in json.loads(content).items()}
    if not all(map(_PATH.fullmatch, listing)) or not {
        _join(part, MANIFEST) for part in ("", *PARTS)
    } <= set(listing):
        raise DamagedFolderError("A listing in the store isn't one of a generation's files.")
    return listing


def _join(part: str, name: str) -> str:
    return f"{part}/{name}" if part else name
