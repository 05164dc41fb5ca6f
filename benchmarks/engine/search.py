"""Compare the ways to search all items with each other and with reading them once.

`python -m benchmarks search`. One thread, in turns; each index on two catalogs: numbers
without any structure, the worst case, and a catalog like a real one.
"""

from __future__ import annotations

import time

import numpy as np
from rich.console import Console
from rich.table import Table

from benchmarks.engine.compiled_search import READ, K, Search, search_jobs, times_a_user
from benchmarks.engine.interleaved import in_turns
from benchmarks.figures import BATCH
from benchmarks.synthetic_data import draw_halves
from recsys.arrays import FloatArray
from scoring import search as compiled
from scoring.head import joint
from scoring.search.queries import count_scored

BYTES_PER_COLUMN = (1.0, 1.25, 1.5, 2.0)
N_USERS = 64
N_TURNS = 15

Halves = tuple[FloatArray, FloatArray, FloatArray]
"""Weights (128,), item half (n_items, 129) and user rows (n_users, 129), float32."""


def report(n_items: int, console: Console) -> None:
    """Print a table of each catalog."""
    started = time.perf_counter()
    compiled.warm_up()
    console.print(f"warm_up: {time.perf_counter() - started:.2f} s")
    rng = np.random.default_rng(0)
    _report("Without structure", random_halves(rng, n_items, N_USERS), console)
    _report("Like a real catalog", draw_halves(rng, n_items, N_USERS), console)


def random_halves(rng: np.random.Generator, n_items: int, n_users: int) -> Halves:
    """Draw everything from the standard normal distribution."""
    shapes = (128,), (n_items, 129), (n_users, 129)
    weights, item_half, user_rows = (rng.normal(size=each).astype(np.float32) for each in shapes)
    return weights, item_half, user_rows


def _report(title: str, halves: Halves, console: Console) -> None:
    weights, items, users = halves
    searches = {"float32": Search(compiled.ItemIndex.build(weights, 0.0, items, None), users)}
    for per_column in BYTES_PER_COLUMN:
        started = time.perf_counter()
        codes = compiled.quantize_items(items, weights, per_column)
        index = compiled.ItemIndex.build(weights, 0.0, items, codes)
        name = f"byte x {per_column}"
        console.print(f"{name}: built in {time.perf_counter() - started:.2f} s, {index!r}")
        searches[name] = Search(index, users)
    head = joint.Head(len(weights), 0, weights, 0.0)
    jobs = search_jobs(searches, items, range(len(users)))
    jobs["NumPy in tiles, scores only"] = lambda _: joint.score(head, users[:1], items)
    times = times_a_user(in_turns(jobs, N_TURNS))
    table = Table("", "ms a user", "x reading", "scored exactly", "at most", title=title)
    for name, ms in times.items():
        counts = [""] * 2
        if name in searches:
            scored = [count_scored(searches[name].index, user, K) for user in users]
            counts = [f"{np.median(scored):,.0f}", f"{max(scored):,}"]
        label = name.replace("_batch", f", {BATCH} users together")
        table.add_row(label, f"{ms:.3f}", f"{ms / times[READ]:.2f}", *counts)
    console.print(table)
