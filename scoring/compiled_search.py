"""Has the compiled search ready before a request needs it: compiling takes seconds."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

logger = logging.getLogger(__name__)

FOLDER: Final = "machine_code"


def prepare_search(snapshot_path: Path, say: Callable[[str], None] = logger.info) -> None:
    """Have the compiled search ready in this process, before a request needs it.

    Args:
        snapshot_path: Folder that can be written where the checkout can't.
        say: Told if it has to be compiled, which takes seconds, once a machine.
    """
    from scoring import search  # numba costs a process that never scores half a second

    search.warm_up(
        snapshot_path / FOLDER,
        lambda: say("Compiling the scoring code, once: about 15 s …"),
    )
