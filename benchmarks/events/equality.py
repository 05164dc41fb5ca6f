"""Users with events are answered as if their events stood in `clean_df.pq`, byte for byte.

A service with several workers takes events at random. What it answers is compared with what
another service answers whose `clean_df.pq` holds them as rows: at once; after everything was
killed; after a reload during which more came, so that it folded only some in; and after a
rollback, when none are folded in.
"""

from __future__ import annotations

import json
import shutil
import time
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Final, NamedTuple

import numpy as np
import pandas as pd
import psutil
from rich.console import Console

from benchmarks.events.asked import paths_for
from benchmarks.events.case import DATA, link_others, operate, paths_in, service_config, write_clean
from benchmarks.events.drawn import as_rows, as_sent, counted, draw_events, written_otherwise
from benchmarks.events.workers import Workers
from benchmarks.http.measure import generation_of
from benchmarks.http.service import RunningService, running
from classes.app_data_processing import AppDataProcessor
from storage.array_folder import read_manifest
from storage.events.configured import open_events
from storage.events.event import Event
from storage.snapshot_folder import EVENTS_THROUGH

N_AT_ONCE: Final = 200
N_EXAMPLES: Final = 5
N_SHOWN: Final = 2_000
N_WORKERS: Final = 4
N_NEW: Final = 200
N_IDLE: Final = 100
N_HELD_BACK: Final = 10
"""Users whose events are sent right before everything is killed."""

_ACCEPTED: Final = 202
_PAUSE_S: Final = 0.05

Say = Callable[[str], None]


class Difference(NamedTuple):
    """A path, and what was answered to it and should have been."""

    path: str
    found: bytes
    expected: bytes


class Stage(NamedTuple):
    """What was compared at one moment.

    Attributes:
        moment: When it was.
        n_answers: How many answers were compared.
        n_different: How many weren't those of the other service.
        examples: Some that weren't.
    """

    moment: str
    n_answers: int
    n_different: int
    examples: tuple[Difference, ...]


@dataclass(frozen=True)
class Outcome:
    """What a trial found.

    Attributes:
        stages: What was compared, moment by moment.
        n_events: Events that were sent and counted.
        n_folded: How many of them the reload folded in.
    """

    stages: list[Stage]
    n_events: int
    n_folded: int

    @property
    def is_equal(self) -> bool:
        """Whether all answers were equal, and the reload folded some events in but not all."""
        are_equal = not any(stage.n_different for stage in self.stages)
        return are_equal and 0 < self.n_folded < self.n_events


def report(artifacts: Path, folder: Path, n_users: int | None, console: Console) -> bool:
    """Try it with some users, or all, print what is found, and return whether all is equal."""
    outcome = Trial(artifacts, folder, N_WORKERS, 0, console.log).run(n_users, N_NEW, N_IDLE)
    for stage in outcome.stages:
        console.print(
            f"{stage.moment}: {stage.n_answers:,} answers, {stage.n_different:,} different"
        )
        for each in stage.examples:
            console.print(f"  {each.path}\n    {each.found!r}\n    {each.expected!r}"[:N_SHOWN])
    console.print(f"{outcome.n_events:,} events, {outcome.n_folded:,} of them folded in")
    return outcome.is_equal


class Trial:
    """A service that takes events, and what it has been sent."""

    def __init__(self, artifacts: Path, folder: Path, n_workers: int, seed: int, say: Say) -> None:
        """Name the artifacts and a folder of the trial's own."""
        self._artifacts, self._folder, self._say = artifacts, folder, say
        self._config = service_config(artifacts, folder / "live", n_workers)
        self._data = AppDataProcessor.from_artifacts(paths_in(artifacts))
        self._rng = np.random.default_rng(seed)
        self._stages: list[Stage] = []

    def run(self, n_users: int | None, n_new: int, n_idle: int) -> Outcome:
        """Send events and compare answers.

        Args:
            n_users: How many known users get events; None for all.
            n_new: How many new users do.
            n_idle: Of how many users without events answers are compared, too.
        """
        shutil.rmtree(self._folder, ignore_errors=True)
        data = self._data
        names = [data.user(int(row)) for row in self._rng.permutation(data.n_users)]
        n_users = n_users or len(names)
        users = names[:n_users] + [f"new user {number}" for number in range(n_new)]
        self._rng.shuffle(users)
        events = draw_events(data, users, self._rng)
        early, late = events[: len(events) // 2], events[len(events) // 2 :]
        held_back = set(users[:N_HELD_BACK])
        first = [event for event in early if event.user not in held_back]
        last = [event for event in early if event.user in held_back]
        others = [*users[N_HELD_BACK:], *names[n_users:][:n_idle]]
        with self._rebuilt([*first, *last]) as rebuilt:
            with running(self._config) as service:
                self._send(service, first)
                paths = self._asked(others, first)
                self._compare("at once", service, rebuilt, paths, every_worker=True)
                self._send(service, last)
                _kill(service)
            with running(self._config) as service:
                paths = self._asked([*users[:N_HELD_BACK], *others], [*first, *last])
                self._compare("after all was killed", service, rebuilt, paths)
        with running(self._config) as service, self._rebuilt([*first, *last, *late]) as rebuilt:
            n_folded = self._reload(service, late)
            paths = self._asked([*users, *others[len(users) - N_HELD_BACK :]], events)
            self._compare("after a reload", service, rebuilt, paths)
            operate(service, "/rollback")
            self._compare("after a rollback", service, rebuilt, paths)
        return Outcome(self._stages, len(counted([*first, *last, *late])), n_folded)

    @contextmanager
    def _rebuilt(self, events: Sequence[Event]) -> Iterator[RunningService]:
        """Run the other service, whose file holds the events."""
        folder = self._folder / f"rebuilt with {len(events)}"
        clean = pd.read_parquet(paths_in(self._artifacts).clean)
        rows = as_rows(counted(events))
        write_clean(folder / DATA, pd.concat([clean, rows], ignore_index=True))
        link_others(self._artifacts, folder)
        with running(service_config(folder, folder, 1)) as service:
            yield service

    def _send(self, service: RunningService, events: Sequence[Event]) -> None:
        """Send events to the workers in turns.

        Raises:
            RuntimeError: Some were refused.
        """
        with closing(Workers(service, self._config.workers)) as workers:
            for number, start in enumerate(range(0, len(events), N_AT_ONCE)):
                some = [as_sent(each) for each in events[start : start + N_AT_ONCE]]
                if self._data.has_clean_user_names:  # else names are ids, found as written alone
                    some = [written_otherwise(each, self._rng) for each in some]
                answer = workers.post(number % len(workers), "/events", {"events": some})
                outcome = json.loads(answer.body)
                if answer.status != _ACCEPTED or outcome["refused"]:
                    raise RuntimeError(f"{answer.status}: {answer.body.decode()[:1_000]}")

    def _reload(self, service: RunningService, events: Sequence[Event]) -> int:
        """Reload while events come; return how many the new generation holds."""
        third = len(events) // 3
        self._send(service, events[:third])
        during = events[third : 2 * third]
        with ThreadPoolExecutor(1) as pool:
            reload = pool.submit(operate, service, "/reload_data")
            for start in range(0, third, N_AT_ONCE):
                self._send(service, during[start : start + N_AT_ONCE])
                time.sleep(_PAUSE_S)
            reload.result()
        self._send(service, events[2 * third :])
        through_seq = read_manifest(generation_of(self._config))[EVENTS_THROUGH]
        store = open_events(self._config)
        return sum(len(frame) for frame in store.since(0, through_seq))

    def _asked(self, users: Sequence[str], events: Sequence[Event]) -> list[str]:
        data, names = self._data, {event.user for event in counted(events)}
        known = [user for user in users if user in names or data.user_row(user) is not None]
        unknown = [user for user in users if user not in set(known)]
        return paths_for(data, known, unknown, self._rng)

    def _compare(
        self,
        moment: str,
        service: RunningService,
        rebuilt: RunningService,
        paths: Sequence[str],
        *,
        every_worker: bool = False,
    ) -> None:
        """Ask the other service, and every worker or each in its turn, the same."""
        n_answers, n_different, examples = 0, 0, []
        with (
            closing(Workers(service, self._config.workers)) as workers,
            closing(Workers(rebuilt, 1)) as other,
        ):
            for number, path in enumerate(paths):
                expected = other.get(0, path)
                for worker in range(len(workers)) if every_worker else [number % len(workers)]:
                    n_answers += 1
                    found = workers.get(worker, path)
                    if found != expected:
                        n_different += 1
                        examples.append(Difference(path, found.body, expected.body))
        self._stages.append(Stage(moment, n_answers, n_different, tuple(examples[:N_EXAMPLES])))
        self._say(f"{moment}: {n_answers:,} answers, {n_different:,} of them different")


def _kill(service: RunningService) -> None:
    """Kill all processes of a service, so that none of them can write anything more."""
    family = [service.process, *service.process.children(recursive=True)]
    for process in family:
        with suppress(psutil.NoSuchProcess):
            process.kill()
    psutil.wait_procs(family)
