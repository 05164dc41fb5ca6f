"""The encoder's progress: a bar, the speed, and the remaining time."""

from __future__ import annotations

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final

from pipeline.embed.cache import Progress

if TYPE_CHECKING:
    from rich.console import Console

_SPEED_SECONDS: Final = 120.0  # long enough that starting the workers hardly counts


@contextmanager
def encoding_progress(console: Console) -> Iterator[Progress]:
    """Show the progress of `encode_texts` while the block runs, and its speed at the end."""
    from rich import progress  # not installed where only the service is

    counts = [0, 0, 0]
    began = time.monotonic()
    with progress.Progress(
        progress.TextColumn("encoding"),
        progress.BarColumn(),
        progress.MofNCompleteColumn(),
        progress.TextColumn("{task.fields[speed]:.1f} texts/s, still"),
        progress.TimeRemainingColumn(),
        console=console,
        speed_estimate_period=_SPEED_SECONDS,
        transient=True,
    ) as bar:
        task = bar.add_task("encoding", total=None, speed=0.0)

        def on_progress(n_done: int, n_missing: int, n_distinct: int) -> None:
            counts[:] = n_done, n_missing, n_distinct
            speed = n_done / max(time.monotonic() - began, 1e-3)
            bar.update(task, completed=n_done, total=n_missing, speed=speed)

        yield on_progress
    n_done, n_missing, n_distinct = counts
    seconds = time.monotonic() - began
    speed = f" in {seconds:.0f} s, {n_done / seconds:.1f} texts/s" if n_done else ""
    console.print(
        f"{n_distinct:,} distinct texts: {n_distinct - n_missing:,} needed no encoding, "
        f"{n_done:,} were encoded{speed}",
        highlight=False,
    )
