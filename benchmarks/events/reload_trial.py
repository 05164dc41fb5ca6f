"""Reload again and again while users do things, and look that nothing is lost, doubled or mixed.

Some users do one thing after the other and look at the answers of workers drawn at random,
right after each event (`benchmarks.events.shopper`). Others do nothing: each of their answers
has to be what the generation that it names answers (`benchmarks.http.reload_trial`). Two sets
of interactions are reloaded in turns, one of them without the newest; every tenth reload is
followed by a rollback.
"""

from __future__ import annotations

import shutil
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path
from threading import Event as Flag
from typing import Final
from urllib.parse import urlencode

import numpy as np
import pandas as pd
from rich.console import Console

from benchmarks.events.case import (
    DATA,
    SAMPLE,
    link_others,
    operate,
    paths_in,
    service_config,
    write_clean,
)
from benchmarks.events.shopper import Findings, Shopper, look, shop
from benchmarks.events.workers import Workers
from benchmarks.http.reload_trial import Change, Load, Verdict, body_of, judge
from benchmarks.http.service import RunningService, running
from classes.app_data_processing import AppDataProcessor
from recsys import columns

N_WORKERS: Final = 4
N_SHOPPERS: Final = 600
N_EXAMPLES: Final = 5
N_THREADS: Final = 3
N_IDLE: Final = 20
SHARE_DROPPED: Final = 0.1
"""Of the interactions, the newest ones, in one of the two sets."""

ROLLBACK_EVERY: Final = 10
PAUSE_S: Final = 0.05
"""After what a user does, and after an answer for others; reloads need the processor too."""


Say = Callable[[str], None]


@dataclass(frozen=True)
class Outcome:
    """What a trial found.

    Attributes:
        findings: What users with events found.
        verdict: On the answers for users without.
        reload_s: Seconds that each reload took.
    """

    findings: Findings
    verdict: Verdict
    reload_s: list[float]

    @property
    def is_clean(self) -> bool:
        """Whether nothing at all was wrong."""
        return self.findings.is_clean and self.verdict.is_clean


def run_trial(
    artifacts: Path, folder: Path, n_reloads: int, n_workers: int, n_shoppers: int, say: Say
) -> Outcome:
    """Reload while users do things.

    Args:
        artifacts: Folder of the artifacts, which stay as they are.
        folder: The trial's own, which is removed before.
        n_reloads: How often.
        n_workers: Of the service.
        n_shoppers: Users who do something, a quarter of them new.
        say: Told how far it is.
    """
    shutil.rmtree(folder, ignore_errors=True)
    data = AppDataProcessor.from_artifacts(paths_in(artifacts))
    idle = _write_sets(artifacts, folder)
    paths = _asked(idle)
    rng = np.random.default_rng(0)
    known = [data.user(int(row)) for row in rng.permutation(data.n_users)]
    names = [name for name in known if name not in idle][: n_shoppers * 3 // 4]
    names += [f"new shopper {number}" for number in range(n_shoppers - len(names))]
    shoppers = [Shopper(name) for name in names]
    config = service_config(folder, folder, n_workers)
    with running(config) as service:
        with _shopping(service, shoppers, n_workers) as collect:
            verdict, reload_s = _reload(service, folder, paths, n_reloads, say)
            findings = collect()
        with closing(Workers(service, n_workers)) as workers:
            findings.add(look(shoppers, workers, rng))
    return Outcome(findings, verdict, reload_s)


def report(folder: Path, n_reloads: int, console: Console) -> bool:
    """Try it on the sample, print what is found, and return whether nothing was wrong."""
    outcome = run_trial(SAMPLE, folder, n_reloads, N_WORKERS, N_SHOPPERS, console.log)
    found, verdict = outcome.findings, outcome.verdict
    console.print(
        f"{found.n_events:,} events; {found.n_lists:,} lists, {found.n_wrong_lists} of them wrong; "
        f"{found.n_histories:,} histories, {found.n_lost} events lost, {found.n_twice} twice; "
        f"{found.n_failed} requests failed"
    )
    console.print(
        f"users without events: {verdict.n_answers:,} answers, {verdict.n_failed} failed, "
        f"{verdict.n_unlike_their_generation} unlike their generation, "
        f"{verdict.n_out_of_time} from a generation not in service"
    )
    console.print(f"seconds for a reload: median {np.median(outcome.reload_s):.1f}")
    for example in found.examples[:N_EXAMPLES]:
        console.print(f"  {example}")
    return outcome.is_clean


@contextmanager
def _shopping(
    service: RunningService, shoppers: Sequence[Shopper], n_workers: int
) -> Iterator[Callable[[], Findings]]:
    """Let users do things in several threads; the block gets what stops them and counts."""
    stop, found = Flag(), Findings()

    def run(number: int) -> Findings:
        with closing(Workers(service, n_workers)) as workers:
            own, rng = shoppers[number::N_THREADS], np.random.default_rng(number)
            return shop(own, workers, rng, stop, PAUSE_S)

    with ThreadPoolExecutor(N_THREADS) as pool:
        threads = [pool.submit(run, number) for number in range(N_THREADS)]

        def collect() -> Findings:
            stop.set()
            for thread in threads:
                found.add(thread.result())
            return found

        try:
            yield collect
        finally:
            stop.set()


def _reload(
    service: RunningService, folder: Path, paths: Sequence[str], n_reloads: int, say: Say
) -> tuple[Verdict, list[float]]:
    """Reload the two sets in turns, while others ask for users without events."""
    bodies: list[dict[int, bytes]] = []
    for number in (0, 1):
        _link(folder, number)
        change = operate(service, "/reload_data")
        bodies.append({i: body_of(service.port, path) for i, path in enumerate(paths)})
    changes, set_of, reload_s = [Change(0, 0, change.generation)], {change.generation: 1}, []
    with Load(service.port, paths, PAUSE_S) as load:
        for number in range(n_reloads):
            _link(folder, number % 2)
            changes.append(operate(service, "/reload_data"))
            set_of[changes[-1].generation] = number % 2
            reload_s.append((changes[-1].answered - changes[-1].asked) / 1e9)
            say(f"reload {number + 1}: {reload_s[-1]:.1f} s")
            if (number + 1) % ROLLBACK_EVERY == 0:
                changes.append(operate(service, "/rollback"))
        watched = load.end()
    known = {
        (generation, i): body
        for generation, number in set_of.items()
        for i, body in bodies[number].items()
    }
    return judge(watched, changes, known), reload_s


def _write_sets(artifacts: Path, folder: Path) -> list[str]:
    """Write both sets, and return some users whom only one of them holds whole."""
    clean = pd.read_parquet(paths_in(artifacts).clean)
    n_kept = int(len(clean) * (1 - SHARE_DROPPED))
    order = clean[columns.REVIEW_TIME].argsort(kind="stable")
    kept, dropped = clean.iloc[np.sort(order[:n_kept])], clean.iloc[order[n_kept:]]
    for number, rows in enumerate((clean, kept)):
        write_clean(folder / str(number), rows.reset_index(drop=True))
    link_others(artifacts, folder)
    _link(folder, 0)
    in_both = dropped[columns.USER].isin(kept[columns.USER])
    found: list[str] = dropped.loc[in_both, columns.USER].drop_duplicates().tolist()
    return found[:N_IDLE]


def _asked(idle: Sequence[str]) -> list[str]:
    """Write requests whose bodies differ between the two sets, and depend on nobody else."""
    return [
        "/recommendations?" + urlencode([("users", name) for name in idle]),
        "/recommendations?" + urlencode({"users": idle[0], "n": 20, "detail": "true"}),
        f"/users/{idle[1].replace(' ', '%20')}",
    ]


def _link(folder: Path, number: int) -> None:
    (folder / "next").symlink_to(str(number))
    (folder / "next").replace(folder / DATA)
