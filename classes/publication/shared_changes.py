"""Changes of what a machine serves that need no build: to follow the store, and to roll it back."""

from __future__ import annotations

from contextlib import suppress

from classes.publication.publication import open_publication
from classes.publication.rollback import roll_back as roll_back_to_earlier
from classes.publication.shared import SharedPublication
from classes.rules.shared import SharedRulesFolder
from config import Config
from storage.snapshot_folder import SnapshotFolder


def follow(config: Config) -> str:
    """Take over what the store has, every byte checked; return the generation, or "" if none.

    Its rules are taken over too, so that no worker begins without them.

    Raises:
        OSError: The store can't be reached, or there is no space.
        DamagedFolderError: Its copy is incomplete or altered.
    """
    folder = SnapshotFolder(config.snapshot_path)
    publication = SharedPublication(folder, config.snapshot_url, config.snapshot_keep_hours)
    pointer = publication.follow(thorough=True)
    with suppress(OSError):  # whoever follows the rules tries again, and says why
        SharedRulesFolder(folder.rules, config.snapshot_url, config.snapshot_keep_hours).follow()
    return "" if pointer is None else pointer.generation


def roll_back(config: Config) -> str:
    """Return to the generation before, on all machines; return its name.

    Raises:
        NothingToRollBackError: No earlier generation is kept, or it is damaged.
        OSError: The store can't be reached.
    """
    folder = SnapshotFolder(config.snapshot_path)
    return roll_back_to_earlier(folder, open_publication(config, folder)).generation
