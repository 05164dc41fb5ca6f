"""Compare searching with affinities and without: `python -m benchmarks affinities`.

The case is that of the other benchmarks, drawn anew: items in clusters and users with a few
reviews each. The kernels of behaviour are the pipeline's own; those of content are drawn
among the items of a cluster, since comparing all vectors would take minutes and only the
number of entries matters here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from benchmarks.case import N_DAYS, World, draw_halves
from benchmarks.turns import Job, in_turns
from pipeline.train.ranker.feature_state import RECENCY_DECAY, behaviour_kernels, stacked
from pipeline.train.ranker.similarities import NEIGHBOURS, Entries
from recsys.arrays import FloatArray
from scoring import search
from scoring.affinities import Affinities
from scoring.affinity import AffinityKernels, History, histories
from scoring.affinity_scoring import Touch
from scoring.search.item_index import NO_ROWS

K = 5
N_TURNS = 400
N_SEARCHERS = 1_000


def report(n_items: int, n_users: int, console: Console, seed: int = 0) -> None:
    """Print the ratio, and how much the histories touch."""
    console.print(f"Drawing {n_items:,} items and {n_users:,} users, a minute …")
    rng = np.random.default_rng(seed)
    world = World.draw(rng, n_items)
    users, items = world.reviewed(rng, n_users)
    history = histories(users, items, np.arange(len(users)), n_users)
    stacked_kernels = _kernels(rng, world, history)
    affinities = Affinities(stacked_kernels, history.starts, history.items)
    weights, item_half, user_half = draw_halves(np.random.default_rng(seed), n_items, N_SEARCHERS)
    codes = search.quantize_items(item_half, weights)
    index = search.ItemIndex.build(weights, 0.0, item_half, codes)
    gains = 0.1 * rng.normal(size=(affinities.n_kernels, item_half.shape[1]))
    touch = Touch(affinities, gains.astype(np.float32))
    searchers = np.flatnonzero(np.diff(history.starts))[:N_SEARCHERS]
    times = in_turns(_jobs(index, touch, searchers, user_half), N_TURNS)
    touched = [len(affinities.of_history(history.of(int(user)))[0]) for user in searchers[:200]]
    console.print(
        f"{affinities.n_kernels} kernels, {len(stacked_kernels.weights):,} entries; a history "
        f"touches {np.mean(touched):,.0f} items. A search with affinities takes "
        f"{times['with'].median / times['without'].median:.2f} times as long as one without "
        f"({times['with'].median:.2f} and {times['without'].median:.2f} ms)."
    )


def _jobs(
    index: search.ItemIndex, touch: Touch, searchers: NDArray[np.int64], user_half: FloatArray
) -> dict[str, Job]:
    def with_affinities(call: int) -> object:
        place = call % len(searchers)
        added = touch.of_users([int(searchers[place])])
        return search.top_k(index, user_half[place], K, NO_ROWS, None, added)

    def without(call: int) -> object:
        return search.top_k(index, user_half[call % len(searchers)], K, NO_ROWS)

    return {"with": with_affinities, "without": without}


def _kernels(rng: np.random.Generator, world: World, history: History) -> AffinityKernels:
    n_items = len(world.vectors)
    days = rng.integers(0, N_DAYS, len(history.items))
    made = behaviour_kernels(history, days, n_items)
    for name in RECENCY_DECAY:
        made.setdefault(name, [_within_clusters(rng, world)])
    return stacked(made, n_items)


def _within_clusters(rng: np.random.Generator, world: World) -> Entries:
    """Draw 100 distinct neighbours of each item, from its place on: clusters are contiguous."""
    n_items = len(world.cluster)
    reach = min(3 * NEIGHBOURS, n_items - 1)
    steps = np.sort(
        rng.permuted(np.tile(np.arange(1, reach + 1), (256, 1)), axis=1)[:, :NEIGHBOURS]
    )
    rows = np.arange(n_items)
    neighbours = (rows[:, None] + steps[rows % len(steps)]) % n_items
    weights = rng.random(neighbours.size).astype(np.float32)
    items = np.repeat(rows, neighbours.shape[1]).astype(np.int32)
    return Entries(items, neighbours.reshape(-1).astype(np.int32), weights)
