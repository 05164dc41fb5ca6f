"""A companion of artifact files that says what they are; no reader needs it.

It lets a person (or a check after copying) see which files belong together, how they
were made, and whether one of them has changed since.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from pipeline.errors import PipelineError
from storage.atomic import replacing

PIPELINE_VERSION: Final = 1
"""Raised whenever the same input gives other artifacts than before."""

MANIFEST_NAME: Final = "manifest.json"


def write_manifest(folder: Path, paths: Sequence[Path], facts: Mapping[str, Any]) -> Path:
    """Describe files of one folder in its `manifest.json`.

    The same files and facts give the same bytes: no time or machine enters.

    Args:
        folder: Where the manifest is written.
        paths: Files in that folder; of parquet files, rows and columns are counted too.
        facts: How they were made, as JSON values.

    Returns:
        The manifest's path.
    """
    files = {path.name: _describe(path) for path in sorted(paths)}
    content = {"pipeline_version": PIPELINE_VERSION, **facts, "files": files}
    with replacing(folder / MANIFEST_NAME) as unfinished:
        unfinished.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")
    return folder / MANIFEST_NAME


def read_manifest(folder: Path) -> dict[str, Any] | None:
    """Read the manifest of a folder; None where there is none.

    Raises:
        PipelineError: The file is no manifest.
    """
    path = folder / MANIFEST_NAME
    if not path.exists():
        return None
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except ValueError as error:
        raise PipelineError(f"{path} is no JSON: {error}; delete it or embed again.") from error
    if not isinstance(content, dict) or not isinstance(content.get("files"), dict):
        raise PipelineError(f"{path} lists no files; delete it or embed again.")
    return content


def changed_files(folder: Path) -> list[str]:
    """Name the files that are missing or differ from the manifest; none without a manifest.

    Raises:
        PipelineError: The manifest is unreadable.
    """
    manifest = read_manifest(folder) or {"files": {}}
    return [
        name
        for name, described in manifest["files"].items()
        if not (folder / name).exists() or _sha256(folder / name) != described.get("sha256")
    ]


def _describe(path: Path) -> dict[str, Any]:
    described: dict[str, Any] = {"sha256": _sha256(path), "bytes": path.stat().st_size}
    if path.suffix == ".pq":
        metadata = pq.read_metadata(path)
        index_columns = 1  # every artifact with a manifest is indexed by one name
        described |= {"rows": metadata.num_rows, "width": metadata.num_columns - index_columns}
    return described


def _sha256(path: Path) -> str:
    with path.open("rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
