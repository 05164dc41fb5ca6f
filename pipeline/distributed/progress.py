"""How far a step is, on a terminal as a bar that says when it will end, elsewhere as a line."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

from pipeline.distributed.exchange import Facts

if TYPE_CHECKING:
    from rich.console import Console

Told = Callable[[Facts], object]
"""Called with the facts of each piece of work that is done."""


@contextmanager
def progress(console: Console, doing: str, total: int | None, unit: str) -> Iterator[Told]:
    """Show how much of a step is done and when it will end; yields what is told the facts."""
    if not console.is_terminal:
        console.print(f"{doing} …", highlight=False)
        yield lambda _: None
        return
    from rich import progress as shown

    with shown.Progress(
        shown.TextColumn("{task.description}", markup=False),
        shown.BarColumn(),
        shown.MofNCompleteColumn(),
        shown.TextColumn(unit),
        shown.TimeElapsedColumn(),
        shown.TimeRemainingColumn(),
        console=console,
        transient=True,
    ) as bar:
        task = bar.add_task(doing, total=total)
        yield lambda facts: bar.advance(task, int(facts.get("done", 1)))
