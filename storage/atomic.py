"""Writes that a reader sees whole or not at all, and that survive a power cut."""

from __future__ import annotations

import ctypes
import os
import shutil
import tempfile
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from pathlib import Path
from typing import Final

_AT_CWD: Final = -100
_RENAME_EXCHANGE: Final = 2


@contextmanager
def replacing(path: Path) -> Iterator[Path]:
    """Yield a temporary path beside `path`, and move it there once the block has succeeded.

    The temporary name keeps the suffix, since Keras chooses its format by it. On any
    failure the old file, or the folder of parts that stood for it, stays and the temporary
    one is removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    os.close(handle)
    unfinished = Path(name)
    try:
        yield unfinished
        unfinished.chmod(0o644)
        sync(unfinished)
        _put_in_place(unfinished, path)
    finally:
        remove(unfinished)


@contextmanager
def replacing_by_parts(path: Path) -> Iterator[Path]:
    """Yield a temporary folder beside `path`, which takes its place once the block has succeeded.

    On any failure the old file or folder stays and the temporary one is removed.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(
        tempfile.mkdtemp(prefix=f".{path.stem}-", suffix=path.suffix, dir=path.parent)
    )
    try:
        yield unfinished
        unfinished.chmod(0o755)
        for each in (*unfinished.iterdir(), unfinished):
            sync(each)
        _put_in_place(unfinished, path)
        sync(path.parent)
    finally:
        remove(unfinished)


def remove(path: Path) -> None:
    """Remove a file, or a folder with all that is in it, if it is there."""
    if path.is_dir() and not path.is_symlink():
        shutil.rmtree(path, ignore_errors=True)
    else:
        path.unlink(missing_ok=True)


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


def copy_table(source: Path, target: Path) -> None:
    """Copy a file, or a folder of parts, to where nothing is."""
    if source.is_dir():
        shutil.copytree(source, target, copy_function=shutil.copyfile)
    else:
        shutil.copyfile(source, target)


def replace_by_copy(path: Path, source: Path) -> None:
    """Replace a file by a copy of another."""
    with replacing(path) as unfinished:
        shutil.copyfile(source, unfinished)


def replace_all_by_copy(sources: Mapping[Path, Path]) -> None:
    """Replace files or folders of parts by copies of others, all at once.

    Where one of them can't be copied, none is replaced.

    One process at a time may do so: copies have fixed names beside the files, so that those
    which a killed process leaves are overwritten by the next one.

    Args:
        sources: What to copy, by the path that it replaces.
    """
    copies = {path: path.with_name(f".{path.stem}-copy{path.suffix}") for path in sources}
    try:
        for path, copy in copies.items():
            remove(copy)
            copy_table(sources[path], copy)
            sync(copy)  # so that all moves follow each other at once
        for path, copy in copies.items():
            _put_in_place(copy, path)
    finally:
        for copy in copies.values():
            remove(copy)


def sync(path: Path) -> None:
    """Make a file's or folder's content survive a power cut."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _put_in_place(made: Path, path: Path) -> None:
    """Move a file or folder to `path`; what is there, of either kind, may be left at `made`."""
    if not (path.is_dir() or (made.is_dir() and path.exists())):
        made.replace(path)
    elif not _exchange(made, path):
        old = path.with_name(f"{made.name}.old")
        path.replace(old)
        made.replace(path)
        remove(old)


def _exchange(one: Path, other: Path) -> bool:
    """Exchange two names in one step; False where the system can't.

    A rename alone can't replace a folder that has something in it.
    """
    rename = getattr(ctypes.CDLL(None, use_errno=True), "renameat2", None)
    if rename is None:
        return False
    names = (_AT_CWD, os.fsencode(one), _AT_CWD, os.fsencode(other), _RENAME_EXCHANGE)
    return bool(rename(*names) == 0)
