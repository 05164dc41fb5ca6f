"""Reloads under load: asks all the while, and judges every single answer.

An answer names its generation in a header. It is right if its body is the one that this
generation gives when nothing else happens, and if that generation could be in service
between the request's first byte and the answer's last. From the cutoff on that a reload
has answered, no request that begins may see the generation before it.
"""

from __future__ import annotations

import multiprocessing
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from multiprocessing.connection import Connection
from multiprocessing.synchronize import Event
from typing import NamedTuple

import numpy as np
import psutil
import requests

from benchmarks.http.client import Answer, ask, get

N_CONNECTIONS = 16
PAUSE_S = 0.002
"""Between two answers, so that the load leaves the builder and the machine some time."""


class Change(NamedTuple):
    """A generation that was put in service by a reload that was asked for and answered."""

    asked: int
    answered: int
    generation: str


@dataclass(frozen=True)
class Watched:
    """Every answer that came while the load was on; equal answers are kept once.

    Attributes:
        distinct: The different answers.
        which: (n,) int64, which of them each answer was.
        begun: (n,) int64 monotonic nanoseconds.
        ended: (n,) int64.
    """

    distinct: list[Answer]
    which: np.ndarray
    begun: np.ndarray
    ended: np.ndarray


@dataclass(frozen=True)
class Verdict:
    """How many answers there were, and how many of them were wrong in which way."""

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
    """What a series of reloads did: the verdict, and figures after each reload."""

    verdict: Verdict
    reload_seconds: list[float]
    pss_mb: list[float]
    n_mapped_generations: list[int]


def judge(
    watched: Watched, changes: Sequence[Change], known: dict[tuple[str, int], bytes]
) -> Verdict:
    """Hold every answer against the changes and the known bodies.

    Args:
        watched: The answers.
        changes: In the order of time; the first was in service before the first request.
        known: The right body of (generation, request).
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
    place: Sequence[Callable[[], None]],
    paths: Sequence[str],
    n_reloads: int,
    report: Callable[[int, float], None] = lambda _number, _seconds: None,
) -> Trial:
    """Reload again and again, taking the sets of files in turns, under steady load.

    Args:
        port: Of the service.
        workers: Names the processes whose memory is looked at.
        place: Each call puts another set of files where the service reads them.
        paths: What is asked; each must have another body for each set of files.
        n_reloads: How many, once every set has been loaded and its bodies noted.
        report: Told the number of each reload and how long it took.
    """
    known: dict[tuple[str, int], bytes] = {}
    for put in place:
        put()
        generation = _reload(port).generation
        known |= {(generation, i): _body(port, path) for i, path in enumerate(paths)}
    changes = [Change(0, 0, generation)]
    pss, mapped = [], []
    with _Load(port, paths) as load:
        for number in range(n_reloads):
            place[number % len(place)]()
            changes.append(_reload(port))
            pss.append(sum(psutil.Process(each).memory_full_info().pss for each in workers()) / 1e6)
            mapped.append(max(_count_mapped_generations(each) for each in workers()))
            report(number + 1, (changes[-1].answered - changes[-1].asked) / 1e9)
        watched = load.end()
    seconds = [(change.answered - change.asked) / 1e9 for change in changes[1:]]
    return Trial(judge(watched, changes, known), seconds, pss, mapped)


def _reload(port: int) -> Change:
    asked = time.monotonic_ns()
    answer = requests.post(f"http://127.0.0.1:{port}/reload", timeout=600)
    answered = time.monotonic_ns()
    answer.raise_for_status()
    return Change(asked, answered, answer.headers["X-Generation"])


def _body(port: int, path: str) -> bytes:
    answer = requests.get(f"http://127.0.0.1:{port}{path}", timeout=60)
    answer.raise_for_status()
    return answer.content


def _count_mapped_generations(process: int) -> int:
    """Count the generations of which a process holds files mapped, deleted ones included."""
    paths = [each.path for each in psutil.Process(process).memory_maps()]
    return len({path.split("/generations/")[1][:16] for path in paths if "/generations/" in path})


class _Load:
    """A process that asks until it is told to end, and then hands over what it got."""

    def __init__(self, port: int, paths: Sequence[str]) -> None:
        context = multiprocessing.get_context("spawn")
        self._stop = context.Event()
        self._results, theirs = context.Pipe(duplex=False)
        self._process = context.Process(
            target=_watch, args=(port, [get(path) for path in paths], self._stop, theirs)
        )

    def __enter__(self) -> _Load:
        self._process.start()
        self._results.recv()  # the first answer has come
        return self

    def __exit__(self, *_: object) -> None:
        self._process.kill()
        self._process.join()

    def end(self) -> Watched:
        """Stop asking."""
        self._stop.set()
        watched: Watched = self._results.recv()
        return watched


def _watch(port: int, paths: Sequence[bytes], stop: Event, results: Connection) -> None:
    """Ask, and note each answer as briefly as can be."""
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
        time.sleep(PAUSE_S)
    which, begun, ended = np.array(noted, dtype=np.int64).T
    results.send(Watched(distinct, which, begun, ended))


def _without_date(raw: bytes) -> bytes:
    """Leave out the header that differs from second to second."""
    head, _, body = raw.partition(b"\r\n\r\n")
    return (
        b"\n".join(li for li in head.split(b"\r\n") if not li.lower().startswith(b"date:")) + body
    )
