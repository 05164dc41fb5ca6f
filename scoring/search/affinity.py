"""How strongly a history speaks for items: sparse rows, summed in a workspace that is reused.

The formula is in docs/scoring.md. A pair (i, j) stands at most once in a similarity, so every
sum has one order, that of the history: batches for training and single users in the service
get the same bits.
"""

from __future__ import annotations

import numpy as np

from scoring.search.affinity_tables import CompiledSimilarities, Workspace
from scoring.search.jit import entry, inlined
from scoring.search.ranked import keep_best
from scoring.search.tables import Array


@inlined
def add_up(
    similarities: CompiledSimilarities, history: Array, weights: Array, workspace: Workspace
) -> int:
    """Add the rows of a history (h,) int32, newest first; return how many items were reached.

    `weights` (h,) float32 says what each item counts for; where it is empty, that is 1.
    """
    n_similarities, n_reached = similarities.decay.size, 0
    for similarity in range(n_similarities):
        decay, total, age = np.float64(similarities.decay[similarity]), 0.0, 0.0
        for place in range(history.size):
            gain = max(weight_at(weights, place), 0.0)
            total += gain * np.exp(-decay * age)
            age += gain
        if total == 0.0:
            continue
        age = 0.0
        for place in range(history.size):
            weight = weight_at(weights, place)
            share = np.float32(weight * np.exp(-decay * age) / total)
            age += max(weight, 0.0)
            row = np.int64(history[place]) * n_similarities + similarity
            for at in range(similarities.starts[row], similarities.starts[row + 1]):
                item = similarities.neighbors[at]
                workspace.sums[item, similarity] += share * similarities.weights[at]
                # Without a branch, which would wait for the mark to come from memory.
                workspace.reached[n_reached] = item
                n_reached += not is_marked(workspace.marks, item)
                workspace.marks[item >> 3] |= 1 << (item & 7)
    return n_reached


@inlined
def weight_at(weights: Array, place: int) -> np.float64:
    """Return what an item of a history counts for."""
    return np.float64(weights[place]) if weights.size else np.float64(1.0)


@inlined
def is_marked(marks: Array, item: int) -> bool:
    """Return whether an item was reached."""
    return bool((marks[item >> 3] >> (item & 7)) & 1)


@inlined
def clear(workspace: Workspace, n_reached: int) -> None:
    """Bring the workspace back to zero."""
    for item in workspace.reached[:n_reached]:
        workspace.sums[item] = np.float32(0.0)
        workspace.marks[item >> 3] = 0


@inlined
def phi_of(total: float) -> np.float32:
    """log1p of the positive part, in float64 and rounded once, the same on every machine."""
    return np.float32(np.log1p(max(np.float64(total), 0.0)))


@entry
def affected_items(
    similarities: CompiledSimilarities, history: Array, weights: Array, workspace: Workspace
) -> tuple[Array, Array]:
    """Items with any positive sum, ascending (t,) int32, and their phi (t, C) float32."""
    n_reached = add_up(similarities, history, weights, workspace)
    n_similarities = similarities.decay.size
    rows = np.empty(n_reached, np.int32)
    phi = np.empty((n_reached, n_similarities), np.float32)
    found = 0
    for item in np.sort(workspace.reached[:n_reached]):
        positive = False
        for similarity in range(n_similarities):
            positive |= workspace.sums[item, similarity] > 0
            phi[found, similarity] = phi_of(workspace.sums[item, similarity])
        rows[found] = item
        found += positive
    clear(workspace, n_reached)
    return rows[:found], phi[:found]


@entry
def phi_of_pairs(
    similarities: CompiledSimilarities,
    starts: Array,
    histories: Array,
    weights: Array,
    users: Array,
    items: Array,
    workspace: Workspace,
    out: Array,
) -> None:
    """Write phi (n, C) of pairs in which the pairs of one user stand together."""
    first = 0
    while first < users.size:
        user = users[first]
        first_item, end = starts[user], starts[user + 1]
        n_reached = add_up(
            similarities, histories[first_item:end], weights[first_item:end], workspace
        )
        while first < users.size and users[first] == user:
            for similarity in range(out.shape[1]):
                out[first, similarity] = phi_of(workspace.sums[items[first], similarity])
            first += 1
        clear(workspace, n_reached)


@entry
def top_of_users(
    similarities: CompiledSimilarities,
    starts: Array,
    histories: Array,
    weights: Array,
    users: Array,
    workspace: Workspace,
    out: Array,
) -> None:
    """Write the items of largest positive sums by similarity to `out` (m, C, n), all -1 before.

    Equal sums are ordered by lower row.
    """
    best = np.empty(out.shape[2], np.float32)
    for place in range(users.size):
        user = users[place]
        first_item, end = starts[user], starts[user + 1]
        n_reached = add_up(
            similarities, histories[first_item:end], weights[first_item:end], workspace
        )
        for similarity in range(out.shape[1]):
            found = 0
            for item in workspace.reached[:n_reached]:
                total = workspace.sums[item, similarity]
                if total > 0:
                    found = keep_best(item, total, out[place, similarity], best, found)
        clear(workspace, n_reached)
