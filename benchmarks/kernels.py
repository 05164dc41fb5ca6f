"""Compare the ways to search all items with each other and with reading them once.

`python -m benchmarks kernels`. One thread; all times are of one run, taken in turns, so
that ratios hold on a machine that does other things besides.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import numpy as np
from numba import njit

from scoring import search as compiled
from scoring.head import joint
from scoring.search.item_index import NO_ROWS, count_scored
from scoring.search.tables import Array

K = 5
BATCH = 16
BYTES_PER_COLUMN = (1.0, 1.25, 1.5, 2.0)


def random_case(rng: np.random.Generator, n_items: int, n_users: int) -> tuple[Array, ...]:
    """Draw weights (128,), item half (n_items, 129) and user rows (n_users, 129) at random."""
    shapes = ((128,), (n_items, 129), (n_users, 129))
    return tuple(rng.normal(size=shape).astype(np.float32) for shape in shapes)


def clustered_case(rng: np.random.Generator, n_items: int, n_users: int) -> tuple[Array, ...]:
    """Imitate embeddings: unit vectors in clusters, a price with outliers, a trained layer."""
    centers = rng.normal(size=(400, 384)) * rng.gamma(1.0, size=384) ** 0.5
    popularity = rng.zipf(1.3, size=n_items) % 400
    vectors = centers[popularity] + 0.6 * rng.normal(size=(n_items, 384))
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    price = rng.lognormal(0.0, 1.5, size=n_items) - 1.0
    layer = rng.normal(size=(384, 128)) * rng.gamma(1.0, 0.3, size=128)
    halves = vectors @ layer + np.outer(price, 0.05 * rng.normal(size=128))
    tastes = vectors[rng.integers(0, n_items, n_users)] @ rng.permutation(layer)
    weights = rng.standard_t(4, size=128) * 0.2

    def with_last(rows: Array) -> Array:
        last = np.zeros((len(rows), 1))
        return np.hstack([rows, last]).astype(np.float32)

    return weights.astype(np.float32), with_last(halves), with_last(tastes)


@njit(nogil=True, fastmath=True)
def read_once(items: Array) -> float:
    """Add everything up: the time to bring the item half into the processor."""
    total = np.float32(0.0)
    for row in range(items.shape[0]):
        for column in range(items.shape[1]):
            total += items[row, column]
    return float(total)


def measure(jobs: dict[str, Callable[[], object]], rounds: int) -> dict[str, tuple[float, float]]:
    """Time all jobs in turns; return least and median milliseconds of each."""
    taken: dict[str, list[float]] = {name: [] for name in jobs}
    for job in jobs.values():
        job()
    for _ in range(rounds):
        for name, job in jobs.items():
            started = time.perf_counter()
            job()
            taken[name].append(1e3 * (time.perf_counter() - started))
    return {name: (min(times), float(np.median(times))) for name, times in taken.items()}


def search_jobs(
    case: tuple[Array, ...], indexes: dict[str, compiled.ItemIndex]
) -> dict[str, Callable[[], object]]:
    """List what is timed: reading, NumPy, and each index for one user and for a batch."""
    weights, items, users = case
    head = joint.Head(len(weights), 0, weights, 0.0)
    starts = np.zeros(BATCH + 1, np.int64)
    jobs: dict[str, Callable[[], object]] = {
        "read float32 once": lambda: read_once(items),
        "NumPy in tiles, scores only": lambda: joint.score(head, users[:1], items),
    }
    for name, index in indexes.items():
        jobs[f"{name}, one user"] = partial(compiled.top_k, index, users[0], K)
        jobs[f"{name}, batch of {BATCH}"] = partial(
            compiled.top_k_batch, index, users[:BATCH], K, starts, NO_ROWS
        )
    return jobs


def report(title: str, case: tuple[Array, ...], rounds: int) -> None:
    """Build the indexes of a case and print one table."""
    weights, items, users = case
    indexes = {"float32": compiled.ItemIndex.build(weights, 0.0, items, None)}
    print(f"\n{title}: {len(items):,} items x {items.shape[1]}, top {K}, one thread")
    for per_column in BYTES_PER_COLUMN:
        started = time.perf_counter()
        codes = compiled.quantize_items(items, weights, per_column)
        seconds = time.perf_counter() - started
        name = f"bytes x {per_column}"
        indexes[name] = compiled.ItemIndex.build(weights, 0.0, items, codes)
        print(f"  {name}: built in {seconds:.2f} s, {indexes[name]!r}")
    times = measure(search_jobs(case, indexes), rounds)
    least, median = times["read float32 once"]
    print(f"  {'':28} {'min ms':>8} {'median':>8} {'/ read':>7} {'/ read':>7}  (a user)")
    for name, pair in times.items():
        a, b = (value / (BATCH if "batch" in name else 1) for value in pair)
        print(f"  {name:28} {a:8.3f} {b:8.3f} {a / least:7.2f} {b / median:7.2f}")
    for name, index in indexes.items():
        counts = [count_scored(index, user, K) for user in users]
        print(f"  {name}: {np.median(counts):.0f} items scored exactly, at most {max(counts)}")


def report_all(n_items: int, rounds: int = 15) -> None:
    """Print the tables."""
    started = time.perf_counter()
    compiled.warm_up()
    print(f"warm_up: {time.perf_counter() - started:.2f} s")
    rng = np.random.default_rng(0)
    for case in (random_case, clustered_case):
        title = case.__name__.replace("_case", "")
        report(title, case(rng, n_items, 64), rounds)
