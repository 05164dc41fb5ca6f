"""Time several jobs in turns, so that what else the machine does hits all of them alike.

What counts is processor time: on a machine that is shared with others, a job that takes a
second waits for them much longer than one that takes a millisecond, and a ratio of wall
clock times would flatter the short one.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping

Job = Callable[[int], object]
"""Does one unit of work, given the number of the call, to take another user each time."""

Times = list[float]
"""Milliseconds of processor time of one job, call by call."""


def in_turns(
    jobs: Mapping[str, Job],
    n_turns: int,
    calls_per_turn: Mapping[str, int] | None = None,
    *,
    warm: bool = True,
) -> dict[str, Times]:
    """Run every job in each of `n_turns` turns.

    Args:
        jobs: What to time, by name.
        n_turns: How often all are run.
        calls_per_turn: How many calls of a job follow each other, one by default.
        warm: Whether to run every job once unmeasured before.
    """
    times: dict[str, Times] = {name: [] for name in jobs}
    for job in jobs.values() if warm else ():
        job(0)
    for turn in range(n_turns):
        for name, job in jobs.items():
            n_calls = (calls_per_turn or {}).get(name, 1)
            for call in range(n_calls):
                started = time.process_time()
                job(turn * n_calls + call)
                times[name].append(1e3 * (time.process_time() - started))
    return times
