"""`make bench`: builds a case of the seed's size, measures everything side by side, prints one table."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from rich.console import Console
from rich.progress import track

from benchmarks import engine
from benchmarks.http_load import Endpoint, load_in_turns, recommendation_requests
from benchmarks.interleaved import Times, in_turns
from benchmarks.load import get
from benchmarks.results import Results
from benchmarks.searches import Search
from benchmarks.service import Service, free_port, running
from benchmarks.synthetic_data import draw_halves, write_case
from classes.snapshot import Snapshot
from classes.top_lists import BLOCK_USERS, TopLists
from classes.top_lists import FOLDER as TOP_LISTS
from config import Config
from processes.fill_top_lists import fill
from processes.start_build import open_store
from scoring import search
from storage.pointer import PointerFile

N_USERS_ASKED = 5_000
N_STARTS = 3
LARGE_ITEMS = 1_000_000


def measure(n_items: int, n_users: int, folder: Path, console: Console, *, quick: bool) -> Results:
    """Measure everything on one case.

    Args:
        n_items: Items of the case.
        n_users: Known users of the case.
        folder: Where the case and its snapshots lie; the case is kept for the next run.
        console: Told what runs.
        quick: Fewer turns, and no catalog of a million items.
    """
    n_turns = 3 if quick else 9
    results = Results(n_items, n_users)
    say: Callable[[str], None] = console.log
    write_case(folder, n_items, n_users, say)
    config = _config(folder, "snapshots")
    shutil.rmtree(config.snapshot_path, ignore_errors=True)
    started = time.monotonic()
    open_store(config).ensure(say)
    results.add("build a snapshot from the files", f"{time.monotonic() - started:.1f} s")
    generation = _generation(config)
    _add_engine(results, engine.engine_times(generation, n_turns))
    times = engine.answer_times(generation, folder / "some_lists", n_turns)
    for name, found in times.items():
        results.add(f"{name}, in one process", _ms(found.median))
    _measure_service(results, config, folder, n_turns, say)
    if not quick:
        _measure_large(results, n_turns, say)
    results.load = os.getloadavg()[2]
    return results


def _config(folder: Path, snapshots: str) -> Config:
    return Config(
        data_path=folder / "data",
        embeddings_path=folder / "embeddings",
        model_path=folder / "models",
        snapshot_path=folder / snapshots,
        log_path=folder / "logs",
        port=free_port(),
        workers=2,
    )


def _generation(config: Config) -> Path:
    pointer = PointerFile(config.snapshot_path / "current").read()
    assert pointer is not None  # noqa: S101 - it has just been published
    return config.snapshot_path / "generations" / pointer.generation


def _add_engine(results: Results, times: dict[str, Times]) -> None:
    results.section("Top 5 of one user, one thread, processor time")
    median = {name: found.median for name, found in times.items()}
    read, plain, coded = (median[name] for name in (engine.READ, "float32 search", "byte search"))
    for name, found in median.items():
        results.add(name, _ms(found), f"{found / read:,.2f} × reading")
    slow = median["model.predict, batch_size=32"]
    results.target("model.predict, batch_size=32, against float32 search", slow / plain, 2_000)
    results.target("model.predict, batch_size=32, against byte search", slow / coded, 2_000)
    results.target("float32 search against reading the item half", plain / read, -1.3)
    results.target("byte search against reading the item half", coded / read, -1.0)


def _measure_service(
    results: Results, config: Config, folder: Path, n_turns: int, say: Callable[[str], None]
) -> None:
    """Measure starts, memory and requests with two workers."""
    starts, processor = [], []
    for _ in track(range(N_STARTS), "Starting the service"):
        with running(config) as service:
            starts.append(service.start_s)
            processor.append(service.processor_s())
    results.section("The service, 2 workers")
    start = float(np.median(starts))
    results.target("seconds from start to the first answer, snapshot published", start, -3.0)
    results.add("processor seconds of that, all processes", f"{np.median(processor):.1f} s")
    cold_config = _copy_without_lists(config, folder)
    _fill_lists(results, config, say)
    warm_module = ("-m", "benchmarks.server")
    with running(config, warm_module) as warm:
        with running(cold_config, (*warm_module, "--without-lists")) as cold:
            _measure_requests(results, _generation(config), warm, cold, n_turns)
        _measure_memory(results, config, warm)


def _measure_requests(
    results: Results, generation: Path, warm: Service, cold: Service, n_turns: int
) -> None:
    users = Snapshot.open(generation).data.random_users(N_USERS_ASKED)
    requests = recommendation_requests(users)
    endpoints = [
        Endpoint("no-op in front of the application", warm.port, [get("/bare")]),
        Endpoint("no-op endpoint of the application", warm.port, [get("/no-op")]),
        Endpoint("/recommendations, top lists warm", warm.port, requests),
        Endpoint("/recommendations, on demand", cold.port, requests),
    ]
    loads = load_in_turns(endpoints, n_turns)
    alone = load_in_turns(endpoints, max(2, n_turns // 3), n_connections=1)
    bare, no_op, listed, on_demand = (endpoint.name for endpoint in endpoints)
    for name, load in loads.items():
        if load.n_failed:
            raise RuntimeError(f"{name}: {load.n_failed:,} answers were no 200")
        rate, busy = float(np.median(load.rates)), load.percentile_ms
        free = alone[name].percentile_ms
        results.add(
            name,
            f"{rate:,.0f} requests/s",
            f"p50 {busy(50):.1f}, p99 {busy(99):.1f} ms; alone {free(50):.2f}, {free(99):.2f} ms",
        )
    shares = [float(np.median(load.client_share)) for load in loads.values()]
    results.add("the client's own share of a core", f"{min(shares):.0%} to {max(shares):.0%}")
    rates = {name: np.array(load.rates) for name, load in loads.items()}
    for name, target in ((listed, 0.7), (on_demand, 0.25)):
        results.target(
            f"{name}, against the no-op endpoint", _ratio(rates[name], rates[no_op]), target
        )
        against_bare = _ratio(rates[name], rates[bare])
        results.add(f"{name}, against the no-op in front", f"{against_bare:.2f} ×")


def _measure_memory(results: Results, config: Config, warm: Service) -> None:
    """Look at the memory once every worker has answered every kind of request for many users."""
    users = Snapshot.open(_generation(config)).data.random_users(N_USERS_ASKED)
    paths = [*recommendation_requests(users)]
    paths += [request.replace(b" HTTP", b"&exclude_seen=false HTTP") for request in paths]
    load_in_turns([Endpoint("all", warm.port, paths)], 3)
    results.target("GB of 2 workers together (PSS)", warm.pss_mb() / 1_000, -1.0)
    results.add("and with the process that started them", f"{warm.pss_mb(parent=True):,.0f} MB")


def _copy_without_lists(config: Config, folder: Path) -> Config:
    """Publish the same generation a second time, hard links in the place of files."""
    copy = replace(
        _config(folder, "snapshots_without_lists"), log_path=folder / "logs_without_lists"
    )
    shutil.rmtree(copy.snapshot_path, ignore_errors=True)
    shutil.copytree(config.snapshot_path, copy.snapshot_path, copy_function=_link)
    shutil.rmtree(copy.snapshot_path / TOP_LISTS)
    return copy


def _link(source: str, target: str) -> str:
    Path(target).hardlink_to(source)
    return target


def _fill_lists(results: Results, config: Config, say: Callable[[str], None]) -> None:
    """Compute all top lists here, since the background process gives way to everything else."""
    generation = _generation(config)
    snapshot = Snapshot.open(generation)
    say(f"Computing the top lists of {snapshot.data.n_users:,} users …")
    lists = TopLists.open(config.snapshot_path / TOP_LISTS / generation.name, writable=True)
    n_blocks, started = len(lists.open_blocks()), time.process_time()
    fill(snapshot, lists)
    seconds = time.process_time() - started
    share = n_blocks * BLOCK_USERS / snapshot.data.n_users
    results.add("top lists of all users, processor time", f"{seconds / max(share, 1e-9):.0f} s")


def _measure_large(results: Results, n_turns: int, say: Callable[[str], None]) -> None:
    """Time the searches over a million items, drawn in memory."""
    say(f"Drawing {LARGE_ITEMS:,} items …")
    weights, item_half, user_rows = draw_halves(
        np.random.default_rng(2), LARGE_ITEMS, engine.N_USERS
    )
    codes = search.quantize_items(item_half, weights)
    scorers = {
        name: Search(search.ItemIndex.build(weights, 0.0, item_half, some), user_rows)
        for name, some in (("float32", None), ("byte", codes))
    }
    jobs = engine.search_jobs(scorers, item_half, list(range(engine.N_USERS)))
    jobs |= engine.faiss_jobs(item_half, user_rows)
    say("Searching them in turns …")
    times = in_turns(jobs, n_turns, dict.fromkeys(jobs, 4))
    results.section(f"Top 5 of one user among {LARGE_ITEMS:,} items")
    for name, found in times.items():
        batched = engine.BATCH if str(engine.BATCH) in name else 1
        milliseconds = found.median / batched
        against_read = f"{milliseconds / times[engine.READ].median:,.2f} × reading"
        results.add(name, _ms(milliseconds), against_read)


def _ratio(one: NDArray[np.float64], other: NDArray[np.float64]) -> float:
    """Median of the ratios within each turn."""
    return float(np.median(one / other))


def _ms(milliseconds: float) -> str:
    return f"{milliseconds:,.3f} ms" if milliseconds < 100 else f"{milliseconds:,.0f} ms"
