"""Returns to the generation before the one in service."""

from __future__ import annotations

from typing import Final

from classes.errors import NothingToRollBackError
from classes.publication.publication import Publication
from storage.array_folder import DamagedFolderError
from storage.pointer import Pointer
from storage.snapshot_folder import DATA, MODEL, SnapshotFolder

SERVED_PARTS: Final = (DATA, MODEL)
"""What of a generation is checked before it serves again."""


def roll_back(folder: SnapshotFolder, publication: Publication) -> Pointer:
    """Publish the generation before, once it has been checked; return the new pointer.

    Raises:
        NothingToRollBackError: No earlier generation is kept, or it is damaged.
        OSError: The pointer can't be written, or the store can't be reached.
    """
    pointer = publication.base()
    if pointer is None or not pointer.history:
        raise NothingToRollBackError(
            "There is no earlier generation to roll back to; reload valid files instead."
        )
    earlier, *older = pointer.history
    publication.obtain(earlier)
    try:
        folder.verify(earlier, SERVED_PARTS)
    except DamagedFolderError as error:
        raise NothingToRollBackError(
            f"The earlier generation {earlier} can't serve: {error} "
            f"Put valid files in place and reload them instead."
        ) from error
    successor = Pointer(earlier, tuple(older), pointer.sources)
    publication.publish(successor)
    return successor
