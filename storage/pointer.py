"""The pointer that says which generation is in service: one small file, replaced whole."""

from __future__ import annotations

from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

from storage.atomic import sync
from storage.json_file import read_json, write_json
from storage.stamp import Stamp, stamp_of

KEPT_GENERATIONS = 3


@dataclass(frozen=True)
class Pointer:
    """Which generation serves, which came before it, and the files it was decided on.

    Attributes:
        generation: Name of the generation in service.
        history: Generations to roll back to, newest first.
        sources: Fingerprint of the artifact files at the last load, by which a start knows
            whether there are newer ones. A rollback keeps it, so that the next start
            doesn't bring the bad files back.
    """

    generation: str
    history: tuple[str, ...] = ()
    sources: dict[str, Any] = field(default_factory=dict)

    def succeeded_by(self, generation: str, sources: dict[str, Any]) -> Pointer:
        """Point to `generation`; the present one becomes the first of the history."""
        if generation == self.generation:
            return Pointer(generation, self.history, sources)
        before = [name for name in (self.generation, *self.history) if name != generation]
        return Pointer(generation, tuple(before[: KEPT_GENERATIONS - 1]), sources)

    @property
    def kept(self) -> tuple[str, ...]:
        """Every generation that must stay on disk."""
        return (self.generation, *self.history)


class PointerFile:
    """Reads and replaces the pointer; a reader sees the old one or the new one."""

    def __init__(self, path: Path) -> None:
        """Name the file, which need not exist."""
        self._path = path

    def stamp(self) -> Stamp | None:
        """Identify the file's present content by one `stat`; None where there is no file."""
        return stamp_of(self._path)

    def read(self) -> Pointer | None:
        """Read the pointer; None where it is missing or can't be understood."""
        try:
            content = read_json(self._path)
            return Pointer(content["generation"], tuple(content["history"]), content["sources"])
        except (OSError, ValueError, KeyError, TypeError):
            return None

    def replace(self, pointer: Pointer) -> None:
        """Publish a pointer; it survives a power cut."""
        write_json(self._path, asdict(pointer))
        sync(self._path.parent)
