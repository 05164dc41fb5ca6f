"""`make bench`: make a case of full size, and measure everything on it side by side."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path

from rich.console import Console

from benchmarks.engine.measure import measure_answers, measure_large, measure_ways
from benchmarks.http.measure import config_of, generation_of, measure_service
from benchmarks.results import Results
from benchmarks.synthetic_data import write_case
from processes.start_build import open_store


def measure(n_items: int, n_users: int, folder: Path, console: Console, *, quick: bool) -> Results:
    """Measure everything on one case.

    Args:
        n_items: Items of the case.
        n_users: Known users of the case.
        folder: Where the case and its snapshots lie; the case is kept for the next run.
        console: Where progress is logged.
        quick: Fewer turns, and no catalog of a million items.
    """
    n_turns = 3 if quick else 9
    results = Results(n_items, n_users)
    say: Callable[[str], None] = console.log
    write_case(folder, n_items, n_users, say)
    config = config_of(folder, "snapshots")
    shutil.rmtree(config.snapshot_path, ignore_errors=True)
    started = time.monotonic()
    open_store(config).ensure(say)
    results.add("build", seconds=time.monotonic() - started)
    generation = generation_of(config)
    measure_ways(results, generation, n_turns)
    measure_answers(results, generation, folder / "some_lists", n_turns)
    measure_service(results, config, folder, n_turns, say)
    if not quick:
        measure_large(results, n_turns, say)
    results.load = os.getloadavg()[2]
    return results
