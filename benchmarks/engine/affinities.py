"""Compare searching with affinities and without them: `python -m benchmarks affinities`.

Items and users are drawn as for the other benchmarks: items in clusters, users with a few
reviews each. The similarities of behavior are the pipeline's own; those of content are drawn
among the items of a cluster, since comparing all vectors would take minutes and only the
number of entries matters here.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray
from rich.console import Console

from benchmarks.engine.interleaved import Job, in_turns
from benchmarks.synthetic_data import N_DAYS, SyntheticItems, draw_halves
from pipeline.train.ranker.feature_state import RECENCY_DECAY, behavior_similarities, stacked
from pipeline.train.ranker.nearest import NEIGHBORS, Entries
from recsys.arrays import FloatArray
from recsys.history import History, histories
from recsys.item_similarities import ItemSimilarities
from scoring import search
from scoring.affinities import Affinities, AffinityScoring
from scoring.search.tables import NO_ROWS

K = 5
N_TURNS = 400
N_SEARCHERS = 1_000


def report(n_items: int, n_users: int, console: Console, seed: int = 0) -> None:
    """Print the ratio of the times, and how many items a history affects."""
    console.print(f"Drawing {n_items:,} items and {n_users:,} users, a minute …")
    rng = np.random.default_rng(seed)
    catalog = SyntheticItems.draw(rng, n_items)
    users, items = catalog.reviewed(rng, n_users)
    history = histories(users, items, np.arange(len(users)), n_users)
    similarities = _similarities(rng, catalog, history)
    affinities = Affinities(similarities, history.starts, history.items)
    weights, item_half, user_half = draw_halves(np.random.default_rng(seed), n_items, N_SEARCHERS)
    codes = search.quantize_items(item_half, weights)
    index = search.ItemIndex.build(weights, 0.0, item_half, codes)
    affinity_weights = 0.1 * rng.normal(size=(affinities.n_similarities, item_half.shape[1]))
    affinity_scoring = AffinityScoring(affinities, affinity_weights.astype(np.float32))
    searchers = np.flatnonzero(np.diff(history.starts))[:N_SEARCHERS]
    times = in_turns(_jobs(index, affinity_scoring, searchers, user_half), N_TURNS)
    slow, fast = np.median(times["with"]), np.median(times["without"])
    n_affected = [len(affinities.of_history(history.of(int(user)))[0]) for user in searchers[:200]]
    console.print(
        f"{affinities.n_similarities} similarities, {len(similarities.weights):,} entries; a history "
        f"affects {np.mean(n_affected):,.0f} items. A search with affinities takes "
        f"{slow / fast:.2f} times as long as one without ({slow:.2f} and {fast:.2f} ms)."
    )


def _jobs(
    index: search.ItemIndex,
    affinity_scoring: AffinityScoring,
    searchers: NDArray[np.int64],
    user_half: FloatArray,
) -> dict[str, Job]:
    def with_affinities(call: int) -> object:
        place = call % len(searchers)
        added = affinity_scoring.of_users([int(searchers[place])])
        return search.top_k(index, user_half[place], K, NO_ROWS, None, added)

    def without(call: int) -> object:
        return search.top_k(index, user_half[call % len(searchers)], K, NO_ROWS)

    return {"with": with_affinities, "without": without}


def _similarities(
    rng: np.random.Generator, catalog: SyntheticItems, history: History
) -> ItemSimilarities:
    n_items = len(catalog.vectors)
    days = rng.integers(0, N_DAYS, len(history.items))
    made = behavior_similarities(history, days, n_items)
    for name in RECENCY_DECAY:
        made.setdefault(name, _within_clusters(rng, catalog))
    return stacked(made)


def _within_clusters(rng: np.random.Generator, catalog: SyntheticItems) -> Entries:
    """Draw 100 distinct neighbors of each item, from its place on: clusters are contiguous."""
    n_items = len(catalog.cluster)
    reach = min(3 * NEIGHBORS, n_items - 1)
    steps = np.sort(rng.permuted(np.tile(np.arange(1, reach + 1), (256, 1)), axis=1)[:, :NEIGHBORS])
    rows = np.arange(n_items)
    neighbors = (rows[:, None] + steps[rows % len(steps)]) % n_items
    weights = rng.random(neighbors.size).astype(np.float32)
    counts = np.full(n_items, neighbors.shape[1], np.int32)
    return Entries(counts, neighbors.reshape(-1).astype(np.int32), weights)
