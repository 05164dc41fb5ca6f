"""The generation before the one in service, opened for one comparison."""

from __future__ import annotations

from classes.live.users import UserEvents
from classes.rules.snapshot_rules import RuleSource
from classes.snapshot import Snapshot
from storage.snapshot_folder import SnapshotFolder


class NoEarlierSnapshotError(Exception):
    """There is no generation to compare with; the message says why."""


def open_earlier(folder: SnapshotFolder, rules: RuleSource, events: UserEvents) -> Snapshot:
    """Open the generation that a rollback would return to.

    Opening costs milliseconds and nothing is kept: a generation that no one serves holds no
    memory, and once it is removed, no disk. The rules in force hold for its lists as well, and
    events that it lacks count, so that only data and model differ.

    Raises:
        NoEarlierSnapshotError: There is none, or it can't be opened.
    """
    pointer = folder.pointer.read()
    if pointer is None or not pointer.history:
        raise NoEarlierSnapshotError(
            "There is no earlier generation to compare with; the next reload keeps this one as such."
        )
    earlier = pointer.history[0]
    try:
        return Snapshot.open(folder.generation(earlier), rules=rules, events=events)
    except (OSError, ValueError, KeyError) as error:
        raise NoEarlierSnapshotError(
            f"The earlier generation {earlier} can't be opened: {error}"
        ) from error
