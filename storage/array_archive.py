"""One .npz file of arrays and a JSON object about them: never code, never pickles."""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from pathlib import Path
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from storage.atomic import replacing

_ABOUT: Final = "about"


class ArchiveError(ValueError):
    """An archive is missing, damaged, or of another version."""


def save_archive(
    path: Path, version: int, about: Mapping[str, Any], arrays: Mapping[str, NDArray[Any]]
) -> None:
    """Write arrays and a JSON object about them to `path` (ending in .npz), atomically."""
    text = json.dumps({**about, "version": version})
    with replacing(path) as unfinished:
        np.savez(unfinished, allow_pickle=False, **{_ABOUT: np.array(text)}, **arrays)


def load_archive(path: Path, version: int) -> tuple[dict[str, Any], dict[str, NDArray[Any]]]:
    """Read what `save_archive` wrote.

    Raises:
        ArchiveError: The file is missing, damaged, or of another version.
    """
    try:
        with path.open("rb") as stream, np.load(stream, allow_pickle=False) as stored:
            arrays = {name: stored[name] for name in stored.files}
        about: dict[str, Any] = json.loads(str(arrays.pop(_ABOUT)))
        found = about.pop("version")
    except (OSError, LookupError, ValueError, EOFError, zipfile.BadZipFile) as error:
        raise ArchiveError(f"{path} is not a readable archive: {error}. Build it again.") from error
    if found != version:
        raise ArchiveError(f"{path} has version {found}; expected {version}. Build it again.")
    return about, arrays
