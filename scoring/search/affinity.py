"""How strongly a history speaks for items: sparse rows added up in workspace that is used again.

    d_c(j) = Σ_i w_ci S_c[i, j]   over the items i of a history, and   φ_c = log1p(max(d_c, 0))

A pair (i, j) stands at most once in a similarity, so every sum has one order, that of the
history: batches for training and single users in service give the same bits.
"""

from __future__ import annotations

import numpy as np

from scoring.search.jit import entry, inlined
from scoring.search.tables import Array, CompiledSimilarities, Workspace


@inlined
def add_up(similarities: CompiledSimilarities, history: Array, workspace: Workspace) -> int:
    """Add the rows of a history (h,) int32, newest first; return how many items were reached."""
    n_similarities, n_reached = similarities.decay.size, 0
    for similarity in range(n_similarities):
        decay, total = np.float64(similarities.decay[similarity]), 0.0
        for place in range(history.size):
            total += np.exp(-decay * place)
        for place in range(history.size):
            share = np.float32(np.exp(-decay * place) / total)
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
def is_marked(marks: Array, item: int) -> bool:
    """Tell whether an item was reached."""
    return bool((marks[item >> 3] >> (item & 7)) & 1)


@inlined
def clear(workspace: Workspace, n_reached: int) -> None:
    """Bring the workspace back to zero."""
    for item in workspace.reached[:n_reached]:
        workspace.sums[item] = np.float32(0.0)
        workspace.marks[item >> 3] = 0


@inlined
def phi_of(affinity: float) -> np.float32:
    """log1p of what is positive, in float64 and rounded once, so that it is the same anywhere."""
    return np.float32(np.log1p(max(np.float64(affinity), 0.0)))


@entry
def touched_items(
    similarities: CompiledSimilarities, history: Array, workspace: Workspace
) -> tuple[Array, Array]:
    """Items with any positive sum, ascending (t,) int32, and their phi (t, C) float32."""
    n_reached = add_up(similarities, history, workspace)
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
    similarities: CompiledSimilarities, starts: Array, histories: Array, users: Array, items: Array, workspace: Workspace,
    out: Array,
) -> None:  # fmt: skip
    """Write phi (n, C) of pairs in which the pairs of one user stand together."""
    first = 0
    while first < users.size:
        user = users[first]
        n_reached = add_up(similarities, histories[starts[user] : starts[user + 1]], workspace)
        while first < users.size and users[first] == user:
            for similarity in range(out.shape[1]):
                out[first, similarity] = phi_of(workspace.sums[items[first], similarity])
            first += 1
        clear(workspace, n_reached)


@entry
def phi_of_users(
    similarities: CompiledSimilarities,
    starts: Array,
    histories: Array,
    users: Array,
    workspace: Workspace,
    out: Array,
) -> None:
    """Write phi of every item, for some users, to `out` (m, n_items, C), zeros when given."""
    for place in range(users.size):
        user = users[place]
        n_reached = add_up(similarities, histories[starts[user] : starts[user + 1]], workspace)
        for item in workspace.reached[:n_reached]:
            for similarity in range(out.shape[2]):
                out[place, item, similarity] = phi_of(workspace.sums[item, similarity])
        clear(workspace, n_reached)


@entry
def top_of_users(
    similarities: CompiledSimilarities,
    starts: Array,
    histories: Array,
    users: Array,
    workspace: Workspace,
    out: Array,
) -> None:
    """Write the items of largest positive sums by similarity to `out` (m, C, n), -1 when given."""
    best = np.empty(out.shape[2], np.float32)
    for place in range(users.size):
        user = users[place]
        n_reached = add_up(similarities, histories[starts[user] : starts[user + 1]], workspace)
        for similarity in range(out.shape[1]):
            keep_largest(workspace, similarity, n_reached, best, out[place, similarity])
        clear(workspace, n_reached)


@inlined
def keep_largest(
    workspace: Workspace, similarity: int, n_reached: int, best: Array, rows: Array
) -> None:
    """Fill `rows` with the reached items of largest positive sum, equal ones by lower row."""
    found = 0
    for item in workspace.reached[:n_reached]:
        value = workspace.sums[item, similarity]
        if value <= 0:
            continue
        at = found
        while at > 0 and (value > best[at - 1] or (value == best[at - 1] and item < rows[at - 1])):
            at -= 1
        if at == rows.size:
            continue
        found = min(found + 1, rows.size)
        for i in range(found - 1, at, -1):
            best[i], rows[i] = best[i - 1], rows[i - 1]
        best[at], rows[at] = value, item
