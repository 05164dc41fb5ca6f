"""Exact scores of the items that a history affects, and bounds that spare most of them.

The row of an affected item is h + φ · A, rounded once, and is scored by the one routine that
scores every other item. docs/scoring.md derives the bound.
"""

from __future__ import annotations

from typing import Final

import numpy as np

from scoring.search.affinity import add_up, clear, phi_of
from scoring.search.affinity_tables import (
    CompiledAffinities,
    CompiledSimilarities,
    Parts,
    Workspace,
)
from scoring.search.exact import exact_score, rounding_bound, user_constant
from scoring.search.jit import entry, inlined
from scoring.search.ranked import is_candidate, keep_best
from scoring.search.tables import BLOCK, Array, Table, Users

SLACK: Final = 2.0**-20
"""Sixteen units of roundoff of float32: for the rounding of φ, of h + φ · A and of a score."""


@inlined
def named(parts: Parts) -> CompiledAffinities:
    """Restore affinities from their parts."""
    return CompiledAffinities(
        CompiledSimilarities(*parts[0]),
        parts[1],
        parts[2],
        parts[3],
        parts[4],
        Workspace(*parts[5]),
    )


@inlined
def add_up_of_user(affinities: CompiledAffinities, user: int) -> int:
    """Add the rows of the history of one user; return how many items were reached."""
    first, end = affinities.starts[user], affinities.starts[user + 1]
    history, weights = affinities.items[first:end], affinities.weights[first:end]
    return int(add_up(affinities.similarities, history, weights, affinities.workspace))


@inlined
def corrected_row(
    table: Table, affinities: CompiledAffinities, row: int, total: Array, out: Array
) -> None:
    """Write the row of an affected item, h + φ · A, to `out` (width,) float32.

    `total` (width,) float64 is workspace for the sums; their order is that of the similarities.
    """
    sums, item_row = affinities.workspace.sums, table.items[row]
    for column in range(out.size):
        total[column] = item_row[column]
    for similarity in range(affinities.affinity_weights.shape[0]):
        if sums[row, similarity] > 0:
            phi = np.float64(phi_of(sums[row, similarity]))
            added = affinities.affinity_weights[similarity]
            for column in range(out.size):
                total[column] += phi * np.float64(added[column])
    for column in range(out.size):
        out[column] = total[column]


@inlined
def largest_slopes(table: Table, affinity_weights: Array, user_row: Array, out: Array) -> None:
    """Write by how much a unit of each affinity can raise a score to `out` (C,) float64."""
    n_relu, last = table.weights.size, user_row.size - 1
    for similarity in range(out.size):
        slope = np.float64(affinity_weights[similarity, last])
        total = abs(slope)
        for t in range(n_relu):
            step = np.float64(table.weights[t]) * np.float64(affinity_weights[similarity, t])
            slope += max(step, 0.0)
            total += abs(step)
        for t in range(n_relu, last):
            step = np.float64(user_row[t]) * np.float64(affinity_weights[similarity, t])
            slope += step
            total += abs(step)
        out[similarity] = max(slope, 0.0) + SLACK * total


@inlined
def phi_ceiling(total: float) -> float:
    """Bound log1p of the positive part by its tangents at 0, 1, 4 and 16; it is concave."""
    x = max(np.float64(total), 0.0)
    low = min(x, 0.6931471805599453 + (x - 1.0) * 0.5)
    high = min(1.6094379124341003 + (x - 4.0) * 0.2, 2.833213344056216 + (x - 16.0) / 17.0)
    return min(low, high)


@inlined
def search_affected(
    table: Table,
    affinities: CompiledAffinities,
    users: Users,
    user: int,
    n_reached: int,
    highest: Array,
    excluded: Array,
    candidates: Array,
    rows: Array,
    scores: Array,
) -> tuple[int, int]:
    """Visit affected items, those of the k largest bounds first, then all that may be better.

    Returns how many items are listed and how many were scored.
    """
    workspace, user_row = affinities.workspace, users.rows[user]
    early = np.empty(rows.size, np.int32)
    n_early = bound_affected(
        table, affinities, users, user, n_reached, highest, excluded, candidates, early
    )
    total, item_row = np.empty(user_row.size, np.float64), np.empty(user_row.size, np.float32)
    found, n_scored = 0, 0
    for turn in range(n_early + n_reached):
        place = early[turn] if turn < n_early else turn - n_early
        bound = workspace.bounds[place]
        if bound == -np.inf or (found == rows.size and bound < scores[found - 1]):
            continue
        workspace.bounds[place] = -np.inf
        row = workspace.reached[place]
        if not is_candidate(row, excluded, candidates):
            continue
        corrected_row(table, affinities, row, total, item_row)
        constant, floor = users.constants[user], users.floors[user]
        score = exact_score(table.weights, constant, floor, user_row, item_row)
        if users.item_offsets.size:
            score += users.item_offsets[row]
        found = keep_best(row, score, rows, scores, found)
        n_scored += 1
    return found, n_scored


@inlined
def bound_affected(
    table: Table,
    affinities: CompiledAffinities,
    users: Users,
    user: int,
    n_reached: int,
    highest: Array,
    excluded: Array,
    candidates: Array,
    early: Array,
) -> int:
    """Write the bounds of affected items to `workspace.bounds`, the places of the largest to `early`.

    Returns how many places there are.
    """
    workspace, user_row = affinities.workspace, users.rows[user]
    n_similarities, n_early = affinities.affinity_weights.shape[0], 0
    slopes = np.empty(n_similarities, np.float64)
    largest_slopes(table, affinities.affinity_weights, user_row, slopes)
    slack = rounding_bound(table, users.constants[user], user_row)
    largest = np.empty(early.size, np.float64)
    for place in range(n_reached):
        row = workspace.reached[place]
        bound = np.float64(highest[user, row // BLOCK]) + slack
        for similarity in range(n_similarities):
            bound += slopes[similarity] * phi_ceiling(workspace.sums[row, similarity])
        if users.item_offsets.size:
            bound += SLACK * (abs(bound) + abs(np.float64(highest[user, row // BLOCK])))
        workspace.bounds[place] = bound
        in_reach = n_early < early.size or bound > largest[n_early - 1]
        if in_reach and is_candidate(row, excluded, candidates):
            n_early = keep_best(place, bound, early, largest, n_early)
    return n_early


@entry
def correct_scores(
    table_parts: tuple[Array, ...], affinity_parts: Parts, user_row: Array, out: Array
) -> None:
    """Overwrite the scores of the items that one user's history affects, (n_items,) float32."""
    table, affinities = Table(*table_parts), named(affinity_parts)
    n_reached = add_up_of_user(affinities, 0)
    constant = user_constant(table, user_row)
    floor = -user_row[: table.weights.size]
    total, item_row = np.empty(user_row.size, np.float64), np.empty(user_row.size, np.float32)
    for row in affinities.workspace.reached[:n_reached]:
        corrected_row(table, affinities, row, total, item_row)
        out[row] = exact_score(table.weights, constant, floor, user_row, item_row)
    clear(affinities.workspace, n_reached)
