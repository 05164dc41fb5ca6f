"""Prepares the compiled search before a request needs it, since compiling takes seconds."""

from __future__ import annotations

import logging
from collections.abc import Callable
from pathlib import Path
from typing import Final

logger = logging.getLogger(__name__)

FOLDER: Final = "machine_code"


def prepare_search(snapshot_path: Path, say: Callable[[str], None] = logger.info) -> None:
    """Load or compile the search in this process.

    Args:
        snapshot_path: Where the machine code is kept if the checkout is read-only.
        say: Told if it has to be compiled, which takes seconds, once on each machine.
    """
    from scoring import search  # numba costs a process that never scores half a second

    search.warm_up(
        snapshot_path / FOLDER, lambda: say("Compiling the scoring code, once: about 15 s …")
    )
