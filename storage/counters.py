"""Whole numbers that all worker processes add to, at almost no cost and without loss.

Each process has a file of its own, mapped into memory, and adds there by itself; a reader
sums over all files. The pages belong to the kernel, so nothing is lost when a worker is
killed, and the one that replaces it goes on with the same file:

    counters-0.names     one JSON array per line: the name of the number at that position
    counters-0.values    the numbers, 64 bits each

The multiprocess mode of prometheus-client keeps float64 values behind locks and encodes
each one anew, which costs a recommendation several times as much.
"""

from __future__ import annotations

import fcntl
import json
import logging
import mmap
import os
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from threading import Lock
from typing import Final

from storage.mapped_file import map_in_full
from storage.run_folder import is_shared

CAPACITY: Final = 16_384
"""Most numbers of one process; names come from a bounded set, a few hundred in practice."""

_BYTES: Final = 8 * CAPACITY
_NAMES, _VALUES = "counters-{}.names", "counters-{}.values"

Name = tuple[str, ...]

logger = logging.getLogger(__name__)


class Counters:
    """Numbers of this process, and the sums over all processes that share the folder.

    One instance a process; every method may be called from any thread.

    Attributes:
        values: The numbers by position, to be changed only while `lock` is held.
        lock: Held by one thread of this process at a time.
    """

    def __init__(self, folder: Path | None) -> None:
        """Take over the file of a process that has ended, else begin one.

        Args:
            folder: Shared by all processes; where it is None or can't be written, the
                numbers are this process's alone.
        """
        self.lock = Lock()
        self._folder = folder if is_shared(folder) else None
        self._places: dict[Name, int] = {}
        self._names_path: Path | None = None
        try:
            self._map = self._claimed(self._folder) if self._folder else mmap.mmap(-1, _BYTES)
        except OSError:
            logger.exception("This process counts for itself")
            self._folder, self._map = None, mmap.mmap(-1, _BYTES)
        self.values = memoryview(self._map).cast("Q")

    def place(self, *names: Name) -> int:
        """Find the position of the first name, allotting all of them in a row where it is new.

        The same names always come in the same block.

        Raises:
            OverflowError: There are more names than `CAPACITY`.
        """
        place = self._places.get(names[0])
        if place is not None:
            return place
        with self.lock:
            if names[0] not in self._places:
                self._allot(names)
            return self._places[names[0]]

    def add(self, name: Name, amount: int = 1) -> None:
        """Add to one number."""
        place = self.place(name)
        with self.lock:
            self.values[place] += amount

    def totals(self) -> Counter[Name]:
        """Sum each number over all processes, including those that have ended."""
        if self._folder is None or not self._folder.is_dir():
            return Counter(dict(zip(self._places, self.values, strict=False)))
        sums: Counter[Name] = Counter()
        for names_path in self._folder.glob(_NAMES.format("*")):
            names = _read_names(names_path)
            content = names_path.with_suffix(".values").read_bytes()
            for name, value in zip(names, memoryview(content).cast("Q"), strict=False):
                sums[name] += value
        return sums

    def _claimed(self, folder: Path) -> mmap.mmap:
        """Lock the first file that no living process holds; the kernel releases it when we end."""
        slot = 0
        while True:
            with (folder / _VALUES.format(slot)).open("ab+") as file:
                try:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                except BlockingIOError:
                    slot += 1
                    continue
                mapped = map_in_full(file.fileno(), _BYTES)  # its own descriptor keeps the lock
                self._go_on_with(folder / _NAMES.format(slot))
                return mapped

    def _go_on_with(self, path: Path) -> None:
        """Take over the names in a file, without half a line left by a killed process."""
        path.touch()
        names = _read_names(path)
        os.truncate(path, sum(len(_line(name)) for name in names))
        self._names_path = path
        self._places = {name: place for place, name in enumerate(names)}

    def _allot(self, names: Sequence[Name]) -> None:
        first = len(self._places)
        if first + len(names) > CAPACITY:
            raise OverflowError(f"More than {CAPACITY:,} different numbers are counted.")
        if self._names_path is not None:
            try:
                with self._names_path.open("a", encoding="ascii") as file:
                    file.write("".join(map(_line, names)))
            except OSError:  # the folder is gone or the disk is full; later names would shift
                logger.exception("Other processes don't see what is new in this one's counters")
                self._names_path = None
        self._places |= {name: first + place for place, name in enumerate(names)}


def _line(name: Name) -> str:
    return json.dumps(name) + "\n"


def _read_names(path: Path) -> list[Name]:
    lines = path.read_text(encoding="ascii").splitlines(keepends=True)
    return [tuple(json.loads(line)) for line in lines if line.endswith("\n")]
