"""`manifest.json` beside the embedding files: how they were made, and their hashes.

No program reads it. It lets a person see which files belong together, and whether one of
them has changed since.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, Final

import pyarrow.parquet as pq

from storage.array_folder import checksum
from storage.atomic import replacing
from storage.parquet.parts import parts_of, size_of

PIPELINE_VERSION: Final = 1
"""Raised whenever the same input gives other artifacts than before."""

MANIFEST_NAME: Final = "manifest.json"


def write_manifest(folder: Path, paths: Sequence[Path], facts: Mapping[str, Any]) -> None:
    """Describe files of one folder in its `manifest.json`.

    The same files and facts give the same bytes: no time or machine enters.

    Args:
        folder: Where the manifest is written.
        paths: Files in that folder; of parquet files, rows and columns are counted too.
        facts: How they were made, as JSON values.
    """
    files = {path.name: _describe(path) for path in sorted(paths)}
    content = {"pipeline_version": PIPELINE_VERSION, **facts, "files": files}
    with replacing(folder / MANIFEST_NAME) as unfinished:
        unfinished.write_text(json.dumps(content, indent=2) + "\n", encoding="utf-8")


def _describe(path: Path) -> dict[str, Any]:
    described: dict[str, Any] = {"sha256": checksum(path), "bytes": size_of(path)}
    if path.suffix == ".pq":
        found = [pq.read_metadata(part) for part in parts_of(path)]
        index_columns = 1  # every artifact with a manifest is indexed by one name
        rows, width = sum(part.num_rows for part in found), found[0].num_columns - index_columns
        described |= {"rows": rows, "width": width}
    return described
