"""How far a stage is: each step in words, what of it is done, and when it will end."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, Final, Protocol, TypeVar

if TYPE_CHECKING:
    from rich.console import Console

T = TypeVar("T")

TELL_EVERY: Final = 1_000
LINE_EVERY_S: Final = 15.0
"""How often a step that goes on gets a line where there is no terminal."""


class Tell(Protocol):
    """Told the steps of a stage: each as it begins, and counted ones as they go on."""

    def __call__(self, step: str, done: int = 0, total: int = 0, detail: str = "") -> object:
        """Show a step.

        Args:
            step: What is being done; other words begin another step.
            done: How much of it is done.
            total: Of how much, at most; 0 where that isn't known.
            detail: What is to be said about it now.
        """
        ...


def silently(step: str, done: int = 0, total: int = 0, detail: str = "") -> None:
    """Show nothing."""


def told(things: Sequence[T], tell: Tell, step: str) -> Iterator[T]:
    """Go through things, telling every thousand of them how many are done."""
    for done, thing in enumerate(things):
        if done % TELL_EVERY == 0:
            tell(step, done, len(things))
        yield thing


def numbered(tell: Tell, n_steps: int) -> Tell:
    """Tell the steps with their numbers, "2/7 …", where it is known how many there will be."""
    known: list[str] = []

    def tell_numbered(step: str, done: int = 0, total: int = 0, detail: str = "") -> None:
        if step not in known:
            known.append(step)
        tell(f"{known.index(step) + 1}/{n_steps} {step}", done, total, detail)

    return tell_numbered


@contextmanager
def shown_on(console: Console) -> Iterator[Tell]:
    """Show the current step and the time that is left for it; lines where there is no terminal."""
    if not console.is_terminal:
        yield Lines(lambda line: console.print(line, highlight=False))
        return
    from rich import progress  # not installed where only the service is

    with progress.Progress(
        progress.SpinnerColumn(),
        progress.TextColumn("{task.description}{task.fields[detail]}"),
        progress.BarColumn(),
        progress.TextColumn("{task.fields[counts]}"),
        progress.TimeElapsedColumn(),
        progress.TimeRemainingColumn(),
        console=console,
        transient=True,
    ) as bar:
        task = bar.add_task("starting", total=None, detail="", counts="")
        current = ""

        def tell(step: str, done: int = 0, total: int = 0, detail: str = "") -> None:
            nonlocal current
            if step != current:
                bar.reset(task, total=total or None, description=step)
                current = step
            counts = f"{done:,}/{total:,}" if total else ""
            said = f", {detail}" if detail else ""
            bar.update(task, completed=done, total=total or None, detail=said, counts=counts)

        yield tell


class Lines:
    """Says each step in a line, details too, and every so often how far a long one is."""

    def __init__(
        self, say: Callable[[str], object], clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._say, self._clock = say, clock
        self._step, self._began, self._said = "", 0.0, 0.0

    def __call__(self, step: str, done: int = 0, total: int = 0, detail: str = "") -> None:
        """Say it if it is new or enough time has passed."""
        now = self._clock()
        is_new = step != self._step
        if is_new:
            self._step, self._began = step, now
        elif not detail and now - self._said < LINE_EVERY_S:
            return
        self._said = now
        parts = [step, *([f"{done:,} of {total:,}"] if done and total else [])]
        parts += [part for part in (detail, self._left(done, total, now)) if part]
        self._say(", ".join(parts))

    def _left(self, done: int, total: int, now: float) -> str:
        """Say how long the step will take, if it goes on as it did so far."""
        elapsed = now - self._began
        if not 0 < done < total or elapsed < LINE_EVERY_S:
            return ""
        return f"{duration(elapsed / done * (total - done))} left at most"


def duration(seconds: float) -> str:
    """Write a duration: "45 s", "3 min".

    >>> duration(44.6), duration(190)
    ('45 s', '3 min')
    """
    return f"{seconds:.0f} s" if seconds < 100 else f"{seconds / 60:.0f} min"
