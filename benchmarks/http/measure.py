"""Measure starts, requests and memory of the service with two workers."""

from __future__ import annotations

import shutil
import time
from collections.abc import Callable, Sequence
from dataclasses import replace
from pathlib import Path

import numpy as np
from rich.progress import track

from benchmarks.http.client import get
from benchmarks.http.service import RunningService, free_port, running
from benchmarks.http.thousand_rules import draw_rules
from benchmarks.http.throughput import Load, LoadTarget, load_in_turns, recommendation_requests
from benchmarks.http.while_reloading import measure_while_reloading
from benchmarks.results import Results
from classes.rules.store import RuleStore
from classes.snapshot import Snapshot
from classes.top_lists import BLOCK_USERS, TopLists
from config import Config
from processes.fill_top_lists import fill
from storage.rules.folder import RulesFolder
from storage.snapshot_folder import SnapshotFolder

N_USERS_ASKED = 5_000
N_STARTS = 3
SERVER = ("-m", "benchmarks.http.noop_server")


def config_of(folder: Path, snapshots: str) -> Config:
    """Make the settings of a service on a case, with its snapshots in a folder of that name."""
    return Config(
        data_path=folder / "data",
        embeddings_path=folder / "embeddings",
        model_path=folder / "models",
        snapshot_path=folder / snapshots,
        log_path=folder / "logs",
        port=free_port(),
        workers=2,
    )


def generation_of(config: Config) -> Path:
    """Find the folder of the published generation."""
    snapshots = SnapshotFolder(config.snapshot_path)
    pointer = snapshots.pointer.read()
    assert pointer is not None  # noqa: S101 - it has just been published
    return snapshots.generation(pointer.generation)


def measure_service(
    results: Results, config: Config, folder: Path, n_turns: int, say: Callable[[str], None]
) -> None:
    """Measure one service with all top lists, and beside it one without any, and one with rules."""
    _measure_starts(results, config)
    cold_config = copy_without_lists(config, folder, "without_lists")
    ruled_config = copy_without_lists(config, folder, "with_rules")
    rules = draw_rules(Snapshot.open(generation_of(config)))
    RuleStore(RulesFolder(SnapshotFolder(ruled_config.snapshot_path).rules)).replace(rules)
    _fill_lists(results, config, say)
    with running(config, SERVER) as warm:
        with (
            running(cold_config, (*SERVER, "--without-lists")) as cold,
            running(ruled_config, (*SERVER, "--without-lists")) as ruled,
        ):
            _measure_requests(results, _some_requests(config), warm, cold, ruled, n_turns)
        _measure_memory(results, _some_requests(config), warm)
        measure_while_reloading(results, _some_requests(config), config, warm)


def _measure_starts(results: Results, config: Config) -> None:
    starts, processor = [], []
    for _ in track(range(N_STARTS), "Starting the service"):
        with running(config) as service:
            starts.append(service.start_s)
            processor.append(service.processor_s())
    results.add("start", value=float(np.median(starts)))
    results.add("start_processor", seconds=float(np.median(processor)))


def _some_requests(config: Config) -> list[bytes]:
    users = Snapshot.open(generation_of(config)).data.random_users(N_USERS_ASKED)
    return recommendation_requests(users)


def _measure_requests(
    results: Results,
    requests: Sequence[bytes],
    warm: RunningService,
    cold: RunningService,
    ruled: RunningService,
    n_turns: int,
) -> None:
    endpoints = [
        LoadTarget("bare", warm.port, [get("/bare")]),
        LoadTarget("no_op", warm.port, [get("/no-op")]),
        LoadTarget("from_lists", warm.port, requests),
        LoadTarget("on_demand", cold.port, requests),
        LoadTarget("on_demand_with_rules", ruled.port, requests),
    ]
    loads = load_in_turns(endpoints, n_turns)
    alone = load_in_turns(endpoints, max(2, n_turns // 3), n_connections=1)
    for name, load in loads.items():
        if load.n_failed:
            raise RuntimeError(f"{name}: {load.n_failed:,} answers weren't 200")
        results.add(
            name,
            per_second=float(np.median(load.rates)),
            p50_ms=load.percentile_ms(50),
            p99_ms=load.percentile_ms(99),
            alone_p50_ms=alone[name].percentile_ms(50),
            alone_p99_ms=alone[name].percentile_ms(99),
        )
    shares = [float(np.median(load.client_share)) for load in loads.values()]
    results.add("client", least=min(shares), most=max(shares))
    for name in ("from_lists", "on_demand"):
        for other in ("no_op", "bare"):
            results.add(f"{name}_against_{other}", value=_ratio(loads[name], loads[other]))
    with_rules = _ratio(loads["on_demand_with_rules"], loads["on_demand"])
    results.add("on_demand_with_rules_against_without", value=with_rules)


def _measure_memory(results: Results, requests: Sequence[bytes], warm: RunningService) -> None:
    """Look at the memory once every worker has answered every kind of request for many users."""
    seen_too = [request.replace(b" HTTP", b"&exclude_seen=false HTTP") for request in requests]
    load_in_turns([LoadTarget("all", warm.port, [*requests, *seen_too])], 3)
    results.add("memory", value=warm.pss_mb() / 1_000)
    results.add("memory_with_parent", mb=warm.pss_mb(parent=True))


def copy_without_lists(config: Config, folder: Path, name: str) -> Config:
    """Publish the same generation a second time, as hard links instead of copies."""
    copy = replace(config_of(folder, f"snapshots_{name}"), log_path=folder / f"logs_{name}")
    shutil.rmtree(copy.snapshot_path, ignore_errors=True)
    shutil.copytree(config.snapshot_path, copy.snapshot_path, copy_function=_link)
    shutil.rmtree(copy.snapshot_path / "top_lists")
    return copy


def _link(source: str, target: str) -> str:
    Path(target).hardlink_to(source)
    return target


def _fill_lists(results: Results, config: Config, say: Callable[[str], None]) -> None:
    """Compute all top lists here, since the background process gives way to everything else."""
    generation = generation_of(config)
    snapshot = Snapshot.open(generation)
    say(f"Computing the top lists of {snapshot.data.n_users:,} users …")
    lists = TopLists.open(
        SnapshotFolder(config.snapshot_path).top_lists(generation.name), writable=True
    )
    n_blocks, started = len(lists.open_blocks()), time.process_time()
    fill(snapshot, lists)
    seconds = time.process_time() - started
    share = n_blocks * BLOCK_USERS / snapshot.data.n_users
    results.add("fill_lists", seconds=seconds / max(share, 1e-9))


def _ratio(one: Load, other: Load) -> float:
    """Median of the ratios of rates within each turn."""
    return float(np.median(np.array(one.rates) / np.array(other.rates)))
