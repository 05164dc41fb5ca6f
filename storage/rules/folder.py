"""The versions of the rules: numbered files, and a pointer to the one in force.

current            {"version", "history", "newest"}, replaced whole
lock               held while a version is written
<version>.json     never changed once there
"""

from __future__ import annotations

import time
from collections.abc import Collection, Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from storage.atomic import replacing, sync
from storage.file_lock import try_lock
from storage.json_file import read_json, write_json
from storage.stamp import Stamp, stamp_of

KEPT_VERSIONS: Final = 20
FIRST: Final = 0
"""The version before any was written: no rules, and no file."""

_LOCK_TIMEOUT_S: Final = 5.0
_LOCK_INTERVAL_S: Final = 0.02


@dataclass(frozen=True)
class RulesPointer:
    """Which version is in force.

    Attributes:
        version: Its number.
        history: Versions to roll back to, newest first.
        newest: The highest number ever given, so that none is given twice.
    """

    version: int
    history: tuple[int, ...]
    newest: int

    @classmethod
    def from_json(cls, content: Any) -> RulesPointer:
        """Read what `asdict` makes of a pointer.

        Raises:
            ValueError, KeyError, TypeError: It isn't one.
        """
        history = tuple(int(version) for version in content["history"])
        return cls(int(content["version"]), history, int(content["newest"]))

    @property
    def kept(self) -> tuple[int, ...]:
        """Every version whose file must stay on disk."""
        return (self.version, *self.history)


class RulesFolder:
    """Reads and writes versions; a reader sees the old one or the new one."""

    def __init__(self, root: Path) -> None:
        """Name the folder, which need not exist."""
        self._root = root
        self._current = root / "current"

    def stamp(self) -> Stamp | None:
        """Identify the pointer's present content by one `stat`; None where it can't be found."""
        return stamp_of(self._current)

    def pointer(self) -> RulesPointer | None:
        """Read the pointer; None where it is missing or can't be understood."""
        try:
            return RulesPointer.from_json(read_json(self._current))
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def versions(self) -> list[int]:
        """List the versions that have a file, newest first."""
        names = (path.stem for path in self._root.glob("*.json"))
        return sorted((int(name) for name in names if name.isdecimal()), reverse=True)

    def read(self, version: int) -> Any:
        """Read the content of a version.

        Raises:
            OSError: Its file is missing or can't be read.
            ValueError: It doesn't hold JSON.
        """
        return read_json(self.path(version))

    def content(self, version: int) -> bytes:
        """Read the file of a version as it is.

        Raises:
            OSError: It is missing or can't be read.
        """
        return self.path(version).read_bytes()

    def put(self, version: int, content: bytes) -> None:
        """Write the file of a version whole.

        Raises:
            OSError: It can't be written.
        """
        with replacing(self.path(version)) as unfinished:
            unfinished.write_bytes(content)

    def publish(self, content: Any, pointer: RulesPointer) -> None:
        """Write a version and point to it, under the lock; versions no longer kept are removed.

        Raises:
            OSError: Nothing can be written; the pointer is as before.
        """
        for path in self._root.glob(".*"):  # what killed processes never moved to its place
            path.unlink(missing_ok=True)
        write_json(self.path(pointer.version), content, indent=1)
        self.point_to(pointer)
        self.remove_all_but(pointer.kept)

    def remove_all_but(self, kept: Collection[int]) -> None:
        """Remove the files of all other versions."""
        for version in self.versions():
            if version not in kept:
                self.path(version).unlink(missing_ok=True)

    def point_to(self, pointer: RulesPointer) -> None:
        """Replace the pointer; it survives a power cut.

        Raises:
            OSError: It can't be written, and is as before.
        """
        write_json(self._current, asdict(pointer))
        sync(self._root)

    @contextmanager
    def locked(self) -> Iterator[bool]:
        """Hold the lock on changes, which take milliseconds each.

        Yields:
            Whether it is held: not if others have kept it for seconds.

        Raises:
            OSError: The folder can't be written.
        """
        self._root.mkdir(parents=True, exist_ok=True)
        give_up_at = time.monotonic() + _LOCK_TIMEOUT_S
        while True:
            with try_lock(self._root / "lock") as lock:
                if lock is not None or time.monotonic() > give_up_at:
                    yield lock is not None
                    return
            time.sleep(_LOCK_INTERVAL_S)

    def path(self, version: int) -> Path:
        """Name the file of a version, which need not exist."""
        return self._root / f"{version}.json"
