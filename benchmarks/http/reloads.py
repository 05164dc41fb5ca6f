"""Reloads under load, with figures: `python -m benchmarks reloads`."""

from __future__ import annotations

import shutil
from collections.abc import Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import urlencode

import numpy as np
from rich.console import Console

from benchmarks.artifact_sets import choose
from benchmarks.http.measure import config_of
from benchmarks.http.reload_trial import Trial, run_trial
from benchmarks.http.service import running
from benchmarks.synthetic_data import write_case

SIZES = ((2_000, 3_000), (2_500, 2_000))
N_WORKERS = 4
PATHS = (
    "/recommendations?" + urlencode({"users": ",".join(f"reader {n:06d}" for n in range(20))}),
    "/recommendations?" + urlencode({"users": "reader 000007", "exclude_seen": "false"}),
    "/recommendations?users=nobody",
    "/check_users?" + urlencode({"users": "reader 000001,reader 002500"}),
)


def report(folder: Path, n_reloads: int, console: Console) -> None:
    """Alternate two sets of data and model under load, and print what happened."""
    for number, (n_items, n_users) in enumerate(SIZES):
        write_case(folder / str(number), n_items, n_users, console.log, seed=number)
    shutil.rmtree(folder / "snapshots", ignore_errors=True)
    config = replace(
        config_of(choose(folder, "0"), ""),
        snapshot_path=folder / "snapshots",
        log_path=folder / "logs",
        workers=N_WORKERS,
    )
    console.log(f"{n_reloads} reloads over {N_WORKERS} workers, {len(PATHS)} kinds of requests …")
    with running(config) as service:
        trial = run_trial(
            config.port,
            service.workers,
            [partial(choose, folder, name) for name in ("1", "0")],
            PATHS,
            n_reloads,
            lambda number, seconds: console.log(f"reload {number}: {seconds:.2f} s"),
        )
    _print(trial, console)


def _print(trial: Trial, console: Console) -> None:
    verdict = trial.verdict
    console.print(f"{len(trial.reload_seconds)} reloads, {verdict.n_answers:,} answers")
    console.print(f"  failed: {verdict.n_failed}")
    console.print(f"  unlike their generation: {verdict.n_unlike_their_generation}")
    console.print(f"  from a generation not in service: {verdict.n_out_of_time}")
    console.print(f"  by generation: {verdict.n_of_each_generation}")
    console.print(f"  seconds for a reload: median {np.median(trial.reload_seconds):.2f}")
    console.print(f"  memory of the workers, MB: {_ends(trial.own_mb)}")
    console.print(f"  most generations mapped by a worker: {max(trial.n_mapped_generations)}")


def _ends(values: Sequence[float]) -> str:
    tenth = max(1, len(values) // 10)
    first, last = np.median(values[:tenth]), np.median(values[-tenth:])
    return f"first tenth {first:.1f}, last tenth {last:.1f}, maximum {max(values):.1f}"
