"""Work that kills its own process the first time, as a machine that goes away would."""

from __future__ import annotations

import os
import signal
from collections.abc import Callable
from pathlib import Path
from typing import Any


def die_once(died: Path, work: Callable[..., Any], *args: Any, **options: Any) -> Any:
    """Do the work, but in the first process that comes here kill that in its middle.

    Args:
        died: A file that says that it has happened.
        work: What to do.
        args: What it takes.
        options: What it takes by name.
    """
    done = work(*args, **options)
    try:
        died.touch(exist_ok=False)
    except FileExistsError:
        return done
    os.kill(os.getpid(), signal.SIGKILL)
    return done
