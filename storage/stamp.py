"""What tells one content of a small file from another, by one `stat`."""

from __future__ import annotations

from pathlib import Path

Stamp = tuple[int, int, int]
"""Inode, time of the last change in nanoseconds, and bytes; another for every replaced file."""


def stamp_of(path: Path) -> Stamp | None:
    """Identify a file's present content; None where there is no file that can be found."""
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_ino, found.st_mtime_ns, found.st_size
