"""Several sets of artifacts in one folder, and a link to the one that a service is to load."""

from __future__ import annotations

from pathlib import Path


def choose(folder: Path, name: str) -> Path:
    """Let the link lead to the set of a name, atomically; return the link."""
    unfinished = folder / "next"
    unfinished.symlink_to(name)
    return unfinished.replace(folder / "chosen")
