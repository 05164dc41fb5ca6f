"""What a program and the processes that it starts cost: time, processor time and memory."""

from __future__ import annotations

import os
import subprocess
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Final, NamedTuple

import psutil

_LOOK_EVERY_S: Final = 0.2
_REST: Final = 20
"""Times as long as a look took: the pages of many large processes take a quarter of a core to count."""
_LINES_SHOWN: Final = 15


class Cost(NamedTuple):
    """What a program cost.

    Attributes:
        seconds: From its start to its end.
        processor_seconds: Of all its processes, as far as they were seen alive.
        gigabytes: Most proportional memory of all its processes at once; what several of them
            map counts once.
        load: Mean number of processes on the machine that wanted a core in its last five minutes.
    """

    seconds: float
    processor_seconds: float
    gigabytes: float
    load: float


class StageFailedError(RuntimeError):
    """A program ended with an error."""


def cost_of(command: Sequence[str], environment: Mapping[str, str]) -> Cost:
    """Run a program to its end.

    Raises:
        StageFailedError: Its exit status isn't 0.
    """
    began = time.monotonic()
    with psutil.Popen(
        command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
    ) as process:
        said: list[str] = []
        reader = threading.Thread(target=said.extend, args=(process.stdout,), daemon=True)
        reader.start()
        seconds_of: dict[tuple[int, float], float] = {}
        peak = 0
        while process.poll() is None:
            looked_at = time.monotonic()
            peak = max(peak, _look(process, seconds_of))
            time.sleep(max(_LOOK_EVERY_S, _REST * (time.monotonic() - looked_at)))
        reader.join()
    if process.returncode:
        last = "".join(said[-_LINES_SHOWN:])
        raise StageFailedError(f"{' '.join(command)} ended with {process.returncode}:\n{last}")
    seconds = time.monotonic() - began
    return Cost(seconds, sum(seconds_of.values()), peak / 1e9, os.getloadavg()[1])


def _look(process: psutil.Popen, seconds_of: dict[tuple[int, float], float]) -> int:
    """Note the processor time of each process by its id and start; return their memory in bytes."""
    in_all = 0
    with suppress(psutil.Error):
        for each in [process, *process.children(recursive=True)]:
            with suppress(psutil.Error):  # it has just ended
                times = each.cpu_times()
                seconds_of[each.pid, each.create_time()] = times.user + times.system
                in_all += each.memory_full_info().pss
    return in_all
