"""Well-behaved clients beside attackers: `python -m benchmarks abuse`."""

from __future__ import annotations

import os
import time
from collections import Counter
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from multiprocessing import get_context
from pathlib import Path
from typing import Final
from urllib.parse import quote_plus

import numpy as np
import requests as http
from rich.console import Console
from rich.table import Table

from benchmarks.http.abuse_attacks import ATTACKS, attack
from benchmarks.http.client import get
from benchmarks.http.measure import config_of
from benchmarks.http.service import RunningService, running
from benchmarks.http.throughput import Load, LoadTarget, load_in_turns, recommendation_requests
from benchmarks.synthetic_data import write_case
from processes.start_build import open_store

LEAST_RATE: Final = 0.5
MOST_P99: Final = 10.0
MOST_GROWTH_MB: Final = 200
"""Of all workers together, once an attack is over: what an allocator keeps, but no more."""

N_USERS: Final = 1_000
SETTLE_S: Final = 2.0
FILL_TIMEOUT_S: Final = 600
FIRST_SERVER_ERROR: Final = 500
SERVICE_UNAVAILABLE: Final = 503
BODY_TIMEOUT_S: Final = 3
"""Shorter than usual, so that clients that are too slow are refused within a turn."""


@dataclass
class Outcome:
    """How well-behaved clients did alone and beside one attack, turn by turn.

    Attributes:
        alone: The clients alone.
        beside: The clients beside the attack.
        statuses: Of the attackers' answers; 0 where a connection ended without one.
        pss_mb: Memory of the workers before, during and after the attack, at its highest.
    """

    alone: Load = field(default_factory=Load)
    beside: Load = field(default_factory=Load)
    statuses: Counter[int] = field(default_factory=Counter)
    pss_mb: list[float] = field(default_factory=lambda: [0.0, 0.0, 0.0])

    @property
    def rate(self) -> float:
        """Requests a second beside the attack against alone: the median of all turns."""
        return float(np.median(np.array(self.beside.rates) / np.array(self.alone.rates)))

    @property
    def p99(self) -> float:
        """The 99th percentile of response times beside the attack against alone."""
        return self.beside.percentile_ms(99) / self.alone.percentile_ms(99)

    @property
    def n_failed(self) -> int:
        """Answers to the well-behaved other than 200, and errors among the attackers' answers."""
        refused = self.statuses[SERVICE_UNAVAILABLE]
        errors = sum(n for status, n in self.statuses.items() if status >= FIRST_SERVER_ERROR)
        return self.alone.n_failed + self.beside.n_failed + errors - refused

    @property
    def is_held(self) -> bool:
        """Whether every target is reached."""
        return (
            self.rate >= LEAST_RATE
            and self.p99 < MOST_P99
            and self.n_failed == 0
            and self.pss_mb[2] - self.pss_mb[0] < MOST_GROWTH_MB
        )


def report(
    folder: Path, n_items: int, n_users: int, n_turns: int, only: Sequence[str], console: Console
) -> bool:
    """Measure every attack on one case, print a table, and return whether all targets are reached."""
    write_case(folder, n_items, n_users, console.log)
    config = replace(config_of(folder, "snapshots"), body_timeout_s=BODY_TIMEOUT_S)
    open_store(config).ensure(console.log)
    with running(config) as service:
        _wait_for_lists(service, console)
        url = f"http://127.0.0.1:{service.port}/random_users?n={N_USERS}"
        users = tuple(http.get(url, timeout=30).json())
        _load(service, users)  # until every worker has mapped what it needs
        workers = set(service.workers())
        outcomes = {}
        for name in only or ATTACKS:
            outcomes[name] = _measure(name, service, users, n_turns)
            console.log(f"{ATTACKS[name].label}: {_numbers(outcomes[name])}")
        same_workers = workers == set(service.workers())
    _print(outcomes, n_items, n_users, console)
    if not same_workers:
        console.print("A worker was replaced.")
    return same_workers and all(outcome.is_held for outcome in outcomes.values())


def _measure(name: str, service: RunningService, users: tuple[str, ...], n_turns: int) -> Outcome:
    """Load the service alone and beside an attack by turns."""
    outcome = Outcome()
    outcome.pss_mb[0] = service.pss_mb()
    for _ in range(n_turns):
        _add(outcome.alone, _load(service, users))
        with _attacking(name, service.port, users, outcome.statuses):
            _add(outcome.beside, _load(service, users))
            outcome.pss_mb[1] = max(outcome.pss_mb[1], service.pss_mb())
        time.sleep(SETTLE_S)
    outcome.pss_mb[2] = service.pss_mb()
    return outcome


@contextmanager
def _attacking(
    name: str, port: int, users: tuple[str, ...], statuses: Counter[int]
) -> Iterator[None]:
    """Attack from another process until the block ends."""
    spawn = get_context("spawn")
    control, other = spawn.Pipe()
    attacker = spawn.Process(target=attack, args=(name, port, users, other), daemon=True)
    attacker.start()
    control.recv()  # once it attacks with all its connections
    try:
        yield
    finally:
        control.send("stop")
        statuses.update(control.recv())
        attacker.join()


def _load(service: RunningService, users: tuple[str, ...]) -> Load:
    """Ask for recommendations, and one time in eight for something that takes a thread."""
    requests = recommendation_requests(users)
    requests[::8] = [get(f"/check_users?users={quote_plus(user)}") for user in users[::8]]
    return load_in_turns([LoadTarget("", service.port, requests)], 1)[""]


def _add(total: Load, turn: Load) -> None:
    total.rates += turn.rates
    total.seconds += turn.seconds
    total.n_failed += turn.n_failed


def _wait_for_lists(service: RunningService, console: Console) -> None:
    console.log("Waiting until the top lists are filled …")
    deadline = time.monotonic() + FILL_TIMEOUT_S
    while time.monotonic() < deadline:
        ready = http.get(f"http://127.0.0.1:{service.port}/health/ready", timeout=30)
        if float(ready.json()["top_lists"]) >= 1:
            return
        time.sleep(1)


def _numbers(outcome: Outcome) -> str:
    return f"rate {outcome.rate:.2f}, p99 {outcome.p99:.1f} ×, {dict(outcome.statuses)}"


def _print(outcomes: dict[str, Outcome], n_items: int, n_users: int, console: Console) -> None:
    load = ", ".join(f"{value:.1f}" for value in os.getloadavg())
    table = Table(title=f"{n_items:,} items, {n_users:,} users; load average {load}")
    for column in (
        "beside",
        f"rate ≥ {LEAST_RATE:g}",
        f"p99 < {MOST_P99:g} ×",
        "p99 ms",
        "failed",
        "workers' MB (PSS)",
        "attackers' answers",
        "held",
    ):
        table.add_column(column)
    for name, outcome in outcomes.items():
        alone, beside = outcome.alone.percentile_ms(99), outcome.beside.percentile_ms(99)
        statuses = ", ".join(f"{n} × {code}" for code, n in sorted(outcome.statuses.items()))
        table.add_row(
            ATTACKS[name].label,
            f"{outcome.rate:.2f}",
            f"{outcome.p99:.1f} ×",
            f"{alone:.1f} → {beside:.1f}",
            str(outcome.n_failed),
            " → ".join(f"{value:.0f}" for value in outcome.pss_mb),
            statuses,
            "yes" if outcome.is_held else "no",
        )
    console.print(table)
