"""Measures what events cost a service, and what keeping many of them costs."""

from __future__ import annotations

import shutil
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Final

import numpy as np

from benchmarks.events.sending import N_A_BATCH, as_request, batches, bodies_of, send_all, sending
from benchmarks.http.measure import SERVER, copy_without_lists, generation_of
from benchmarks.http.service import RunningService, running
from benchmarks.http.throughput import Load, LoadTarget, load_in_turns, recommendation_requests
from classes.snapshot import Snapshot
from config import Config
from storage.events.configured import open_events

N_WORKERS: Final = 2
EVENTS_PER_S: Final = 1_000
N_EACH: Final = 20
"""Events of each of the users whose lists are asked for."""

N_ASKED: Final = 2_400
"""Users with as many events, and as many without; more than a worker keeps ready."""

N_KEPT: Final = 400
"""Users with events who are asked for again and again."""

N_TAKEN: Final = 100_000
"""Different events that are sent while it is counted how many are taken."""

N_AT_ONCE: Final = 1_000

Say = Callable[[str], None]


@dataclass
class Measurement:
    """A case, and what was measured on it.

    Attributes:
        config: The settings of a service on the case, without events.
        folder: The case's.
        n_many: How many events are many.
        n_turns: How often what is compared takes turns.
        say: Told how far it is.
        numbers: What was measured, by the keys of `benchmarks.events.report.TARGETS`.
    """

    config: Config
    folder: Path
    n_many: int
    n_turns: int
    say: Say
    numbers: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.data = data = Snapshot.open(generation_of(self.config)).data
        self.items = data.item_names(np.arange(data.n_items))
        users = data.random_users(2 * N_ASKED)
        self.live, self.idle = users[:N_ASKED], users[N_ASKED:]

    def measure(self) -> None:
        """Measure everything."""
        others = [f"new user {number}" for number in range(self.n_many // 5)]
        with running(self.config, SERVER) as service:
            self._beside(service, others)
            self._taken(service, others)
        _forget_events(self.config)
        self._on_demand()
        self._many(others)

    def _taken(self, service: RunningService, users: Sequence[str]) -> None:
        bodies = batches(users, self.items, N_TAKEN, N_A_BATCH)
        target = LoadTarget("taken", service.port, [as_request(body) for body in bodies])
        load = load_in_turns([target], self.n_turns)["taken"]
        self.numbers["taken"] = float(np.median(_checked(load).rates)) * N_A_BATCH

    def _beside(self, service: RunningService, users: Sequence[str]) -> None:
        requests = recommendation_requests(self.idle)
        bodies = batches(users, self.items, 20_000, N_A_BATCH)
        _ask(service, requests)  # until every worker has mapped what it needs
        ratios, sent = [], []
        for _ in range(self.n_turns):
            alone = _ask(service, requests)
            with sending(service.port, bodies, EVENTS_PER_S / N_A_BATCH) as rates:
                beside = _ask(service, requests)
            ratios.append(beside / alone)
            sent += rates
        self.numbers["beside"] = float(np.median(ratios))
        self.numbers["sent"] = float(np.median(sent)) * N_A_BATCH

    def _on_demand(self) -> None:
        """Compare users with events with others, where no list is computed ahead."""
        config = copy_without_lists(self.config, self.folder, "without_lists")
        with running(config, (*SERVER, "--without-lists")) as service:
            send_all(service.port, bodies_of(self._near_their_own(), N_A_BATCH))
            users = {"idle": self.idle, "first": self.live, "again": self.live[:N_KEPT]}
            targets = [
                LoadTarget(name, service.port, recommendation_requests(asked))
                for name, asked in users.items()
            ]
            for when, n_connections in (("", 8), ("_alone", 1)):
                loads = load_in_turns(targets, self.n_turns, n_connections)
                for name in ("first", "again"):
                    ratios = np.array(_checked(loads["idle"]).rates) / loads[name].rates
                    self.numbers[name + when] = float(np.median(ratios))
                    _checked(loads[name])
        _forget_events(config)

    def _near_their_own(self) -> list[tuple[str, str]]:
        """Pair users, each `N_EACH` times and in random order, with items near one of their own."""
        rng, data = np.random.default_rng(0), self.data
        pairs = []
        for user in rng.permutation(np.repeat(self.live, N_EACH)).tolist():
            row = data.user_row(user)
            own = data.history(0 if row is None else row)
            near = int(rng.choice(own)) + int(rng.integers(-20, 21))
            pairs.append((user, data.item(near % data.n_items)))
        return pairs

    def _many(self, users: Sequence[str]) -> None:
        """Look at memory and starts with many events."""
        requests = recommendation_requests([*self.idle[:2_000], *users[:2_000]])
        # With an option, so that the arrays that scoring reads are mapped before, too.
        requests += [each.replace(b" HTTP", b"&n=20 HTTP") for each in requests]
        with running(self.config, SERVER) as service:
            load_in_turns([LoadTarget("", service.port, requests)], 2)
            before = service.pss_mb()
            self.say(f"Sending {self.n_many:,} events …")
            for seed in range(10):
                bodies = batches(users, self.items, self.n_many // 10, N_AT_ONCE, seed)
                send_all(service.port, bodies)
            load_in_turns([LoadTarget("", service.port, requests)], 2)
            self.numbers["more_mb"] = service.pss_mb() - before
        self.numbers["disk_mb"] = _megabytes(self.config.events_path)
        self._starts()
        with running(self.config, SERVER) as service:
            load_in_turns([LoadTarget("", service.port, requests)], 2)
            store = open_events(self.config)
            n_removed = store.sweep(store.last_seq)
            self.say(f"Removed {n_removed:,} events.")
            load_in_turns([LoadTarget("", service.port, requests)], 2)
            self.numbers["swept_mb"] = service.pss_mb() - before
        _forget_events(self.config)

    def _starts(self) -> None:
        """Compare starts with the events, without any, and with them after a power cut."""
        seconds: dict[str, list[float]] = {"with": [], "without": [], "after a power cut": []}
        for _ in range(self.n_turns):
            for name, found in seconds.items():
                folder = self.folder / "no_events" if name == "without" else self.config.events_path
                if name == "after a power cut":
                    (folder / "presence").unlink()
                with running(replace(self.config, events_folder=str(folder))) as service:
                    found.append(service.start_s)
        without = np.median(seconds["without"])
        self.numbers["start_s"] = float(np.median(seconds["with"]) - without)
        self.numbers["begin_s"] = float(np.median(seconds["after a power cut"]) - without)


def _ask(service: RunningService, requests: Sequence[bytes]) -> float:
    """Ask for a turn, and return the answers a second."""
    load = load_in_turns([LoadTarget("", service.port, requests)], 1)[""]
    return _checked(load).rates[0]


def _checked(load: Load) -> Load:
    if load.n_failed:
        raise RuntimeError(f"{load.n_failed:,} answers failed")
    return load


def _forget_events(config: Config) -> None:
    shutil.rmtree(config.events_path, ignore_errors=True)


def _megabytes(folder: Path) -> float:
    return sum(path.stat().st_size for path in folder.iterdir()) / 1e6
