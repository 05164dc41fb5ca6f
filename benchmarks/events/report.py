"""What events cost, with targets: `python -m benchmarks events`."""

from __future__ import annotations

import os
import shutil
from collections.abc import Mapping
from pathlib import Path
from typing import Final, NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks.events.measure import EVENTS_PER_S, N_EACH, N_WORKERS, Measurement
from benchmarks.events.sending import N_A_BATCH
from benchmarks.http.measure import config_of, generation_of
from benchmarks.synthetic_data import write_case
from classes.snapshot import Snapshot
from classes.top_lists import TopLists
from config import Config
from processes.fill_top_lists import fill
from processes.start_build import open_store
from storage.snapshot_folder import SnapshotFolder


class Target(NamedTuple):
    """One line of the table.

    Attributes:
        key: Under which it is measured.
        label: What it is.
        limit: The least value, or the most, -`limit`, where that is negative; 0 for no target.
        form: How the value is written.
    """

    key: str
    label: str
    limit: float
    form: str = "{:.2f} ×"

    def is_reached(self, value: float) -> bool:
        """Whether a value is within the limit."""
        if not self.limit:
            return True
        return value >= self.limit if self.limit > 0 else value <= -self.limit


TARGETS: Final = (
    Target("taken", f"events taken, batches of {N_A_BATCH}, durable", 5_000, "{:,.0f}/s"),
    Target("beside", f"requests/s of users without events beside {EVENTS_PER_S:,} events/s", 0.9),
    Target("sent", "events/s that were sent meanwhile", 0, "{:,.0f}/s"),
    Target("again", f"time of a user with {N_EACH} events, on demand, against without", -1.3),
    Target("again_alone", "the same, one request at a time", 0),
    Target("first", "the same of users who aren't kept ready, as right after an event", -1.3),
    Target("first_alone", "the same, one request at a time", 0),
    Target("more_mb", "memory of all workers with {n} events, more", -300, "{:,.0f} MB"),
    Target("swept_mb", "the same after these were removed", 0, "{:,.0f} MB"),
    Target("disk_mb", "on the disk", 0, "{:,.0f} MB"),
    Target("start_s", "start with {n} events, more", -3, "{:+.1f} s"),
    Target("begin_s", "after a power cut, with the table of users made anew, more", 0, "{:+.1f} s"),
)


def report(
    folder: Path, n_items: int, n_users: int, n_many: int, n_turns: int, console: Console
) -> bool:
    """Measure on one case, print a table, and return whether all targets are reached."""
    write_case(folder, n_items, n_users, console.log)
    config = config_of(folder, "snapshots")
    shutil.rmtree(config.events_path, ignore_errors=True)
    open_store(config).ensure(console.log)
    _fill_lists(config, console)
    measurement = Measurement(config, folder, n_many, n_turns, console.log)
    measurement.measure()
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    size = f"{n_items:,} items, {n_users:,} users, {N_WORKERS} workers"
    _print(measurement.numbers, n_many, f"{size}; load average {load}", console)
    return all(each.is_reached(measurement.numbers[each.key]) for each in TARGETS)


def _fill_lists(config: Config, console: Console) -> None:
    """Compute all top lists here, since the background process gives way to everything else."""
    generation = generation_of(config)
    console.log("Computing the top lists …")
    lists = SnapshotFolder(config.snapshot_path).top_lists(generation.name)
    fill(Snapshot.open(generation), TopLists.open(lists, writable=True))


def _print(numbers: Mapping[str, float], n_many: int, title: str, console: Console) -> None:
    table = Table("", "measured", "target", "reached", title=title)
    for each in TARGETS:
        limit = each.form.format(abs(each.limit)) if each.limit else ""
        target = f"{'≥' if each.limit > 0 else '≤'} {limit}" if limit else ""
        value = numbers[each.key]
        reached = "yes" if each.is_reached(value) else "no"
        measured, label = each.form.format(value), each.label.format(n=f"{n_many:,}")
        table.add_row(label, measured, target, reached if limit else "")
    console.print(table)
