"""Writes that a reader sees whole or not at all, and that survive a power cut."""

from __future__ import annotations

import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, and move it there once the block has succeeded.

    The temporary name keeps the suffix, since Keras chooses its format by it. On any
    failure the old file stays and the temporary one is removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    unfinished = Path(name)
    try:
        yield unfinished
        unfinished.chmod(0o644)
        sync(unfinished)
        unfinished.replace(path)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def replacing_folder(folder: Path, beside: Path, prefix: str) -> Iterator[Path]:
    """Yield a temporary folder, and move it to `folder` once the block has succeeded.

    Args:
        folder: The final place; what is there is removed first.
        beside: Where the temporary folder is made, on the same file system.
        prefix: How the temporary folder's name begins.
    """
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix=prefix, dir=beside))
    try:
        yield unfinished
        unfinished.chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.replace(folder)
        sync(folder.parent)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def replace_by_copy(path: Path, source: Path) -> None:
    """Replace a file by a copy of another."""
    with replacing(path) as unfinished:
        shutil.copyfile(source, unfinished)


def replace_all_by_copy(sources: Mapping[Path, Path]) -> None:
    """Replace files by copies of others: all of them at once, or none where one can't be copied.

    One process at a time may do so: copies have fixed names beside the files, so that those
    which a killed process leaves are overwritten by the next one.

    Args:
        sources: What to copy, by the path that it replaces.
    """
    copies = {path: path.with_name(f".{path.stem}-copy{path.suffix}") for path in sources}
    try:
        for path, copy in copies.items():
            shutil.copyfile(sources[path], copy)
            sync(copy)  # so that all moves follow each other at once
        for path, copy in copies.items():
            copy.replace(path)
    finally:
        for copy in copies.values():
            copy.unlink(missing_ok=True)


def sync(path: Path) -> None:
    """Make a file's or folder's content survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)
