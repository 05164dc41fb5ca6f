"""Fills the top lists of a published generation: `python -m processes.fill_top_lists GENERATION`."""

from __future__ import annotations

import logging
import os
import sys
import time
from collections.abc import Callable

from classes.snapshot import Snapshot
from classes.top_lists import TOP_K, TopLists
from config import Config
from scoring.compiled_search import prepare_search
from storage.snapshot_folder import SnapshotFolder

NICENESS = 10

logger = logging.getLogger(__name__)


def fill(
    snapshot: Snapshot,
    lists: TopLists,
    say: Callable[[str], None] = logger.info,
    until: float = float("inf"),
) -> None:
    """Compute every missing list, starting where an earlier run was stopped.

    Args:
        snapshot: The generation.
        lists: Its lists.
        say: Told of each tenth.
        until: Monotonic time at which to stop.
    """
    reported = 0
    for block in lists.open_blocks():
        if time.monotonic() > until:
            return
        fill_block(snapshot, lists, block)
        tenth = int(lists.progress * 10)
        if tenth > reported:
            reported = tenth
            say(f"Top lists of {snapshot.generation}: {tenth * 10} %.")


def fill_block(snapshot: Snapshot, lists: TopLists, block: int) -> None:
    """Compute the lists of one block."""
    ranked = snapshot.recommender.rank_unseen(lists.users_of(block), TOP_K)
    lists.write_block(block, [ranking.rows for ranking in ranked])


def main(generation: str) -> int:
    """Fill the lists of a published generation at low priority; return the exit status."""
    snapshots = SnapshotFolder(Config.from_environment().snapshot_path)
    os.nice(NICENESS)
    logging.basicConfig(level=logging.INFO, format="%(message)s", stream=sys.stderr)
    prepare_search(snapshots.root)
    try:
        snapshot = Snapshot.open(snapshots.generation(generation))
        lists = TopLists.open(snapshots.top_lists(generation), writable=True)
    except (OSError, ValueError, KeyError) as error:  # it was removed or replaced meanwhile
        logger.info("generation %s can't be opened: %s", generation, error)
        return 1
    fill(snapshot, lists)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1]))
