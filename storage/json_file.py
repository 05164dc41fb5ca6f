"""Small files of one JSON value, replaced whole."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from storage.atomic import replacing


def read_json(path: Path) -> Any:
    """Read a JSON file.

    Raises:
        OSError: The file is missing or can't be read.
        ValueError: It doesn't hold JSON.
    """
    return json.loads(path.read_text(encoding="utf-8"))


def write_json(path: Path, content: Any, indent: int | None = None) -> None:
    """Write a JSON file; a reader sees the old content or the new."""
    with replacing(path) as unfinished:
        unfinished.write_text(json.dumps(content, indent=indent), encoding="utf-8")
