"""What is known of the store: whether it can be reached, and whether this machine is behind."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Final

from storage.json_file import read_json, write_json

_FILE: Final = "store.json"
EVENTS_FILE: Final = "events.json"
"""Of the database that machines share events through."""
RULES_FILE: Final = "rules.json"
"""Of the rules in the store."""


@dataclass(frozen=True)
class StoreState:
    """How the store was when it was last asked.

    Attributes:
        reachable: Whether it answered.
        since: Since when that is so, in seconds since 1970.
        behind: Whether it is known to have another generation than this machine serves.
        reason: Why it can't be reached, or followed; empty if all is well.
    """

    reachable: bool
    since: float
    behind: bool
    reason: str = ""


class StoreStateFile:
    """The state, written by the one process that follows the store and read by all workers."""

    def __init__(self, run_path: Path, name: str = _FILE) -> None:
        """Name the folder that the processes of a server share, and the file there."""
        self._path = run_path / name

    def write(self, state: StoreState) -> None:
        """Replace the state; where the folder can't be written, workers don't learn of it."""
        with suppress(OSError):
            write_json(self._path, asdict(state))

    def read(self) -> StoreState | None:
        """Read the state; None before the first look."""
        try:
            return StoreState(**read_json(self._path))
        except (OSError, ValueError, TypeError):
            return None
