"""Reload again and again under load, and judge every single answer.

An answer names its generation in a header. It is right if its body is what this generation
answers when nothing else happens, and if that generation could have been in service between
the first byte of the request and the last of the answer. Once a reload has been answered, no
request that begins later may see the generation before it.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from pathlib import Path
from typing import NamedTuple

import numpy as np
import psutil
import requests

from benchmarks.http.client import Answer, ask, get

N_CONNECTIONS = 16
PAUSE_S = 0.002
"""Pause after an answer, so that the load leaves some time for the reload itself."""


class Change(NamedTuple):
    """A reload: when it was asked for and answered, and the generation that it published."""

    asked: int
    answered: int
    generation: str


@dataclass(frozen=True)
class Watched:
    """Every answer that came under load; equal answers are kept once.

    Attributes:
        distinct: The different answers.
        which: (n,) int64 place of each answer in `distinct`.
        begun: (n,) int64 monotonic nanoseconds at which each request began.
        ended: (n,) int64 monotonic nanoseconds at which its answer ended.
    """

    distinct: list[Answer]
    which: np.ndarray
    begun: np.ndarray
    ended: np.ndarray


@dataclass(frozen=True)
class Verdict:
    """How many answers there were, and how many were wrong in each way."""

    n_answers: int
    n_failed: int
    n_unlike_their_generation: int
    n_out_of_time: int
    n_of_each_generation: dict[str, int]

    @property
    def is_clean(self) -> bool:
        """Whether nothing at all was wrong."""
        return not (self.n_failed or self.n_unlike_their_generation or self.n_out_of_time)


@dataclass(frozen=True)
class Trial:
    """A series of reloads: the verdict on the answers, and figures after each reload.

    `own_mb` is the anonymous memory of all workers together, what is mapped left out.
    """

    verdict: Verdict
    reload_seconds: list[float]
    own_mb: list[float]
    n_mapped_generations: list[int]


def judge(
    watched: Watched, changes: Sequence[Change], known: dict[tuple[str, int], bytes]
) -> Verdict:
    """Compare every answer with the reloads and the known bodies.

    Args:
        watched: The answers.
        changes: Reloads, oldest first; the first ended before the first request.
        known: The right body for each (generation, request).
    """
    asked = np.array([change.asked for change in changes])
    answered = np.array([change.answered for change in changes])
    earliest = np.searchsorted(answered, watched.begun, side="right") - 1
    latest = np.searchsorted(asked, watched.ended, side="right") - 1
    in_time = np.zeros(len(watched.which), dtype=bool)
    names = np.array([answer.generation for answer in watched.distinct])[watched.which]
    service = np.array([change.generation for change in changes])
    for step in range(int((latest - earliest).max(initial=0)) + 1):
        place = np.minimum(earliest + step, latest)
        in_time |= service[place] == names
    failed = np.array([answer.status != 200 for answer in watched.distinct])
    unlike = np.array([known.get((a.generation, a.request)) != a.body for a in watched.distinct])
    counts = np.bincount(watched.which, minlength=len(watched.distinct))
    found, each = np.unique(names, return_counts=True)
    return Verdict(
        n_answers=len(watched.which),
        n_failed=int(counts[failed].sum()),
        n_unlike_their_generation=int(counts[unlike & ~failed].sum()),
        n_out_of_time=int(np.count_nonzero(~in_time & ~failed[watched.which])),
        n_of_each_generation=dict(zip(found.tolist(), each.tolist(), strict=True)),
    )


def run_trial(
    port: int,
    workers: Callable[[], Sequence[int]],
    place: Sequence[Callable[[], object]],
    paths: Sequence[str],
    n_reloads: int,
    report: Callable[[int, float], None] = lambda _number, _seconds: None,
) -> Trial:
    """Reload again and again under steady load, taking the sets of files in turns.

    Args:
        port: Port of the service.
        workers: Lists the processes whose memory is looked at.
        place: Functions, each of which puts its set of files where the service reads them.
        paths: Paths to ask; the body of each must differ between the sets of files.
        n_reloads: Number of reloads, after each set has been loaded once to learn its bodies.
        report: Called with the number of each reload and the seconds that it took.
    """
    known: dict[tuple[str, int], bytes] = {}
    for put in place:
        put()
        generation = reload(port).generation
        known |= {(generation, i): body_of(port, path) for i, path in enumerate(paths)}
    changes = [Change(0, 0, generation)]
    own, mapped = [], []
    with Load(port, paths) as load:
        for number in range(n_reloads):
            place[number % len(place)]()
            changes.append(reload(port))
            own.append(sum(map(_own_mb, workers())))
            mapped.append(max(_count_mapped_generations(each) for each in workers()))
            report(number + 1, (changes[-1].answered - changes[-1].asked) / 1e9)
        watched = load.end()
    seconds = [(change.answered - change.asked) / 1e9 for change in changes[1:]]
    return Trial(judge(watched, changes, known), seconds, own, mapped)


def reload(port: int) -> Change:
    """Ask for a reload, and wait for its answer."""
    asked = time.monotonic_ns()
    answer = requests.post(f"http://127.0.0.1:{port}/reload", timeout=600)
    answered = time.monotonic_ns()
    answer.raise_for_status()
    return Change(asked, answered, answer.headers["X-Generation"])


def body_of(port: int, path: str) -> bytes:
    """Ask once, and return the body of the answer."""
    answer = requests.get(f"http://127.0.0.1:{port}{path}", timeout=60)
    answer.raise_for_status()
    return answer.content


def _own_mb(process: int) -> float:
    """Memory that a process shares with nobody and no file, which other processes can't change."""
    rollup = Path(f"/proc/{process}/smaps_rollup").read_text(encoding="ascii")
    [kilobytes] = [line.split()[1] for line in rollup.splitlines() if line.startswith("Anonymous:")]
    return int(kilobytes) / 1_000


def _count_mapped_generations(process: int) -> int:
    """Count the generations of which a process holds files mapped, deleted ones included."""
    paths = [each.path for each in psutil.Process(process).memory_maps()]
    return len({path.split("/generations/")[1][:16] for path in paths if "/generations/" in path})


class Load:
    """A process that asks until it is told to stop, and then hands over what it got."""

    def __init__(self, port: int, paths: Sequence[str], pause_s: float = PAUSE_S) -> None:
        """Prepare the process, which asks while the context lasts."""
        context = multiprocessing.get_context("spawn")
        self._stop = context.Event()
        self._results, theirs = context.Pipe(duplex=False)
        self._process = context.Process(
            target=_watch,
            args=(port, [get(path) for path in paths], pause_s, self._stop, theirs),
        )

    def __enter__(self) -> Load:
        """Start asking."""
        self._process.start()
        self._results.recv()  # the first answer has come
        return self

    def __exit__(self, *_: object) -> None:
        """End the process, whatever it is doing."""
        self._process.kill()
        self._process.join()

    def end(self) -> Watched:
        """Stop asking, and return what was answered."""
        self._stop.set()
        watched: Watched = self._results.recv()
        return watched


def _watch(
    port: int, paths: Sequence[bytes], pause_s: float, stop: Event, results: Connection
) -> None:
    """Ask until `stop` is set, keeping equal answers once, then send everything back."""
    numbers: dict[tuple[int, bytes], int] = {}
    distinct: list[Answer] = []
    noted: list[tuple[int, int, int]] = []
    for answer in ask(port, paths, N_CONNECTIONS):
        key = (answer.request, _without_date(answer.raw))
        if key not in numbers:
            numbers[key] = len(distinct)
            distinct.append(answer)
        noted.append((numbers[key], answer.begun, answer.ended))
        if len(noted) == 1:
            results.send("asking")
        if stop.is_set():
            break
        time.sleep(pause_s)
    which, begun, ended = np.array(noted, dtype=np.int64).T
    results.send(Watched(distinct, which, begun, ended))


def _without_date(raw: bytes) -> bytes:
    """Leave out the header that changes every second."""
    head, _, body = raw.partition(b"\r\n\r\n")
    return (
        b"\n".join(li for li in head.split(b"\r\n") if not li.lower().startswith(b"date:")) + body
    )
