"""A stage of the pipeline as a process: how far it is by its output, its end, and why it ended."""

from __future__ import annotations

import os
import re
import signal
import subprocess
from contextlib import suppress
from typing import Final

TERMINATE_TIMEOUT_S: Final = 10.0
STAGE_BEGINS: Final = 0.05
STAGE_ENDS: Final = 0.9
"""The job's progress at that point."""

_SHARE: Final = re.compile(r"\b([0-9]{1,9})/([0-9]{1,9})\b", re.ASCII)


def progress_in(text: str) -> float:
    """Read a job's progress from a line such as "epoch 3/50"; 0 where there is none."""
    found = _SHARE.search(text)
    if found is None or not 0 < int(found[2]) >= int(found[1]):
        return 0.0
    share = int(found[1]) / int(found[2])
    return round(STAGE_BEGINS + (STAGE_ENDS - STAGE_BEGINS) * share, 3)


def end_process(process: subprocess.Popen[str]) -> None:
    """Ask a process and those it started to end, then kill them."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGTERM)
    with suppress(subprocess.TimeoutExpired):
        process.wait(TERMINATE_TIMEOUT_S)
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


def ending(stage: str, returncode: int, said: str) -> str:
    """Describe how a stage ended, by its exit status and its last line of output."""
    if returncode < 0:
        return (
            f"The {stage} was stopped by signal {-returncode}, perhaps because memory ran out. "
            f"Nothing has changed."
        )
    return f"The {stage} ended with status {returncode}: {said} Nothing has changed."
