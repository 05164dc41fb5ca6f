"""Reloads on services that share a store, with figures: `python -m benchmarks replicas`."""

from __future__ import annotations

import shutil
from contextlib import ExitStack
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import Final
from urllib.parse import urlencode

import numpy as np
from rich.console import Console

from benchmarks.artifact_sets import choose
from benchmarks.http.measure import config_of
from benchmarks.http.service import free_port, running
from benchmarks.replicas.object_server import object_server
from benchmarks.replicas.trial import Trial, run_trial
from benchmarks.synthetic_data import write_case
from storage.pointer import KEPT_GENERATIONS

N_SERVICES: Final = 3
N_SETS: Final = 5
"""More than a service keeps, so that some are built, uploaded and fetched again."""

RARE: Final = 10
"""Every so many reloads takes a set that has been dropped meanwhile; the others take turns."""

N_WORKERS: Final = 2
N_ITEMS: Final = 600
N_USERS: Final = 400
PATHS: Final = (
    "/recommendations?" + urlencode({"users": ",".join(f"reader {n:06d}" for n in range(20))}),
    "/recommendations?" + urlencode({"users": "reader 000007", "exclude_seen": "false"}),
    "/recommendations?users=nobody",
)


def report(folder: Path, n_reloads: int, console: Console) -> bool:
    """Take sets of files in turns under load, print what happened, and return whether it is fine."""
    shutil.rmtree(folder, ignore_errors=True)
    for number in range(N_SETS):
        case = folder / str(number)
        write_case(case, N_ITEMS + 50 * number, N_USERS + 30 * number, console.log, seed=number)
    chosen = choose(folder, "0")
    with ExitStack() as held:
        store = held.enter_context(object_server(folder / "store"))
        ports = []
        for number in range(N_SERVICES):
            config = replace(
                config_of(chosen, ""),
                snapshot_path=folder / f"cache-{number}",
                snapshot_url=store.url("snapshots"),
                log_path=folder / f"logs-{number}",
                port=free_port(),
                workers=N_WORKERS,
            )
            held.enter_context(running(config))
            ports.append(config.port)
        console.log(f"{n_reloads} reloads in turns over {N_SERVICES} services …")
        trial = run_trial(
            ports,
            store,
            [partial(choose, folder, str(number)) for number in range(N_SETS)],
            PATHS,
            [_chosen(number) for number in range(n_reloads)],
            lambda number, seconds, follow: console.log(
                f"reload {number}: {seconds:.1f} s, followed within {follow:.1f} s"
            ),
        )
    _print(trial, console)
    return all(verdict.is_clean for verdict in trial.verdicts)


def _chosen(number: int) -> int:
    """Choose the set of a reload."""
    turn, step = divmod(number, RARE)
    return (
        KEPT_GENERATIONS + turn % (N_SETS - KEPT_GENERATIONS)
        if step == RARE - 1
        else step % (KEPT_GENERATIONS - 1)
    )


def _print(trial: Trial, console: Console) -> None:
    for number, verdict in enumerate(trial.verdicts):
        console.print(
            f"service {number}: {verdict.n_answers:,} answers, {verdict.n_failed} failed, "
            f"{verdict.n_unlike_their_generation} unlike their generation, "
            f"{verdict.n_out_of_time} from a generation not in service"
        )
    for name, seconds in (("a reload", trial.reload_s), ("following", trial.follow_s)):
        console.print(
            f"seconds for {name}: median {np.median(seconds):.2f}, most {max(seconds):.2f}"
        )
    console.print(f"the store away: {trial.outage}")
