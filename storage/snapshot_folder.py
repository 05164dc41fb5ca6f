"""The folder of the published generations.

current                  which generation is in service (storage/pointer.py)
lock                     held while a generation is built or rolled back
generations/<hash>/      inputs/ data/ model/ manifest.json, never changed once there
top_lists/<hash>/        lists computed ahead for that generation (classes/top_lists.py)
building-*/              an unfinished generation; the next build removes what a killed one left
jobs/                    states of jobs (classes/jobs/folder.py)
rules/                   versions of the rules (storage/rules/folder.py)
"""

from __future__ import annotations

import shutil
from collections.abc import Iterator, Sequence
from contextlib import AbstractContextManager, contextmanager
from pathlib import Path
from typing import Any, Final

from storage.array_folder import DamagedFolderError, missing_file, read_manifest, verify
from storage.atomic import replacing_folder
from storage.file_lock import try_lock
from storage.pointer import PointerFile
from storage.sources import FORMAT_VERSION

INPUTS: Final = "inputs"
DATA: Final = "data"
MODEL: Final = "model"
PARTS: Final = (INPUTS, DATA, MODEL)
"""Folders of a generation. A split model needs no inputs, which are the largest."""

EVENTS_THROUGH: Final = "events_through"
"""Member of a manifest: the number of the last event that is in the generation, 0 for none."""

_GENERATIONS: Final = "generations"
_TOP_LISTS: Final = "top_lists"
_UNFINISHED: Final = "building-"


def read_about(folder: Path) -> dict[str, Any]:
    """Read what the builder wrote about a generation.

    Raises:
        DamagedFolderError: There is no readable manifest, or another version wrote it.
    """
    about = read_manifest(folder)
    if about.get("format") != FORMAT_VERSION:
        raise DamagedFolderError(
            f"{folder.name} was built by another version of the service, in format "
            f"{about.get('format')}; this one reads format {FORMAT_VERSION}."
        )
    return about


class SnapshotFolder:
    """The folder at SNAPSHOT_PATH: where its files are, and how they change.

    Attributes:
        pointer: The file that says which generation is in service.
        jobs: Folder of the jobs.
        rules: Folder of the rules.
    """

    def __init__(self, root: Path) -> None:
        """Name the folder, which need not exist."""
        self.root = root
        self.pointer = PointerFile(root / "current")
        self.jobs = root / "jobs"
        self.rules = root / "rules"

    def generation(self, name: str) -> Path:
        """Folder of a generation."""
        return self.root / _GENERATIONS / name

    def top_lists(self, name: str) -> Path:
        """Folder of a generation's lists."""
        return self.root / _TOP_LISTS / name

    def lock(self) -> AbstractContextManager[int | None]:
        """Hold the one lock on building, as `try_lock` does."""
        self.root.mkdir(parents=True, exist_ok=True)
        return try_lock(self.root / "lock")

    def verify(self, name: str, parts: Sequence[str] = PARTS) -> None:
        """Compare the files of a generation, or of some of its parts, with their checksums.

        Raises:
            DamagedFolderError: A file is missing, its bytes differ, or another version wrote it.
        """
        folder = self.generation(name)
        read_about(folder)
        for each in (folder, *(folder / part for part in parts)):
            verify(each)

    def missing(self, name: str, parts: Sequence[str] = PARTS) -> str:
        """Return the path of a file that a generation, or some of its parts, lacks; else "".

        Unlike `verify`, this reads no arrays.
        """
        folder = self.generation(name)
        found = (missing_file(each) for each in (folder, *(folder / part for part in parts)))
        path = next(filter(None, found), None)
        return "" if path is None else str(path.relative_to(self.root))

    def is_sound(self, name: str) -> bool:
        """Return whether a generation is there and whole."""
        try:
            self.verify(name)
        except DamagedFolderError:
            return False
        return True

    @contextmanager
    def new_generation(self, name: str) -> Iterator[Path]:
        """Yield a folder to build a generation in, and move it to its place on success."""
        with replacing_folder(self.generation(name), self.root, _UNFINISHED) as unfinished:
            for part in PARTS:
                (unfinished / part).mkdir()
            yield unfinished

    def remove_debris(self) -> None:
        """Remove what a killed build has left; only the holder of the lock may."""
        for path in self.root.glob(f"{_UNFINISHED}*"):
            shutil.rmtree(path, ignore_errors=True)
        for path in self.root.glob(".current-*"):  # a pointer that was never moved to its place
            path.unlink(missing_ok=True)

    def remove_all_but(self, kept: Sequence[str]) -> None:
        """Remove the generations that are neither in service nor kept for a rollback."""
        for folder in (_GENERATIONS, _TOP_LISTS):
            for path in (self.root / folder).iterdir():
                if path.name not in kept:
                    shutil.rmtree(path, ignore_errors=True)
