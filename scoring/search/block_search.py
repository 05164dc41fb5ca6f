"""The search: bound every block, then score exactly where a winner may still hide."""

from __future__ import annotations

import numpy as np

from scoring.search.affected import add_up_of_user, named, search_affected
from scoring.search.affinity import clear, is_marked
from scoring.search.affinity_tables import Parts
from scoring.search.codes import code_bounds, encode_user
from scoring.search.exact import exact_score, float_bounds, rounding_bound, user_constant
from scoring.search.jit import entry, inlined
from scoring.search.ranked import is_candidate, keep_best
from scoring.search.tables import BLOCK, Array, Codes, Span, Table, Users


@entry
def search(
    table_parts: tuple[Array, ...],
    code_parts: tuple[Array, ...],
    affinity_parts: Parts,
    user_rows: Array,
    excluded_starts: Array,
    excluded: Array,
    candidates: Array,
    item_offsets: Array,
    rows: Array,
    scores: Array,
) -> int:
    """Fill `rows` and `scores` (m, k) with the best items of m users.

    Places without an item hold row -1 and score -inf. Returns how many items were scored
    exactly. Named tuples come as plain ones, whose types numba determines 4 µs sooner each.
    """
    table, codes = Table(*table_parts), Codes(*code_parts)
    affinities = named(affinity_parts)
    users = prepare_users(table, codes, user_rows, item_offsets)
    n_items, n_users = table.items.shape[0], user_rows.shape[0]
    n_blocks = (n_items + BLOCK - 1) // BLOCK
    highest = np.empty((n_users, n_blocks), np.float32)
    bound_blocks(table, codes, users, (0, n_users), (0, n_blocks), highest)
    n_scored = 0
    for user in range(n_users):
        seen = excluded[excluded_starts[user] : excluded_starts[user + 1]]
        n_reached = add_up_of_user(affinities, user)
        found, n_affected = search_affected(
            table, affinities, users, user, n_reached, highest, seen, candidates,
            rows[user], scores[user],
        )  # fmt: skip
        found, n_others = search_blocks(
            table, codes, users, user, highest, seen, candidates, affinities.workspace.marks, found,
            rows[user], scores[user],
        )  # fmt: skip
        clear(affinities.workspace, n_reached)
        rows[user, found:] = -1
        scores[user, found:] = -np.inf
        n_scored += n_affected + n_others
    return n_scored


@inlined
def prepare_users(table: Table, codes: Codes, user_rows: Array, item_offsets: Array) -> Users:
    """Compute what the search needs of each user."""
    n_users, n_relu = user_rows.shape[0], table.weights.size
    n_bytes = codes.blocks.shape[1] * codes.blocks.shape[3]
    users = Users(
        user_rows,
        np.empty((n_users, n_relu), np.float32),
        np.empty((n_users, n_bytes), np.uint8),
        np.empty(n_users, np.float64),
        np.empty(n_users, np.float32),
        np.empty(BLOCK, np.int32),
        np.empty(BLOCK, np.float32),
        item_offsets,
    )
    for user in range(n_users):
        row = user_rows[user]
        users.floors[user] = -row[:n_relu]
        constant = user_constant(table, row)
        offset = constant + rounding_bound(table, constant, row)
        if codes.blocks.shape[0]:
            offset += encode_user(codes, table.weights, row, users.coded[user])
        users.constants[user] = constant
        users.offsets[user] = offset
    return users


@inlined
def bound_blocks(
    table: Table, codes: Codes, users: Users, some: Span, blocks: Span, highest: Array
) -> None:
    """Write the largest bound of each block for some users to `highest` (m, n_blocks).

    All users pass over a block while it is in the cache. The bounds of the items of the last
    block for the last user stay in `users.bounds`.
    """
    unbounded = False
    for user in range(some[0], some[1]):
        unbounded |= users.offsets[user] == np.inf
    if unbounded:
        users.bounds[:] = np.inf
        highest[some[0] : some[1], blocks[0] : blocks[1]] = np.inf
    elif codes.blocks.shape[0]:
        code_bounds(codes, users, some, blocks, highest)
    else:
        float_bounds(table, users, some, blocks, highest)


@inlined
def search_blocks(
    table: Table,
    codes: Codes,
    users: Users,
    user: int,
    highest: Array,
    excluded: Array,
    candidates: Array,
    affected: Array,
    found: int,
    rows: Array,
    scores: Array,
) -> tuple[int, int]:
    """Visit k promising blocks, best first, then all that may still hold a winner.

    Items marked in `affected` (marks, or empty) are passed over: where they belong in the lists,
    they are among the first `found` already. Any order gives the same lists; this one has good
    k-th scores early, which spares most blocks a visit. Returns how many items are listed and
    how many were scored.
    """
    n_scored = 0
    n_blocks = highest.shape[1]
    n_early = min(rows.size, n_blocks)
    for turn in range(n_early + n_blocks):
        block = int(np.argmax(highest[user])) if turn < n_early else turn - n_early
        bound = highest[user, block]
        if bound == -np.inf or (found == rows.size and bound < scores[found - 1]):
            continue
        bound_blocks(table, codes, users, (user, user + 1), (block, block + 1), highest)
        highest[user, block] = -np.inf
        for i in range(min(BLOCK, table.items.shape[0] - block * BLOCK)):
            row = block * BLOCK + i
            hopeless = found == rows.size and users.bounds[i] < scores[found - 1]
            if hopeless or (affected.size and is_marked(affected, row)):
                continue
            if not is_candidate(row, excluded, candidates):
                continue
            floor, user_row = users.floors[user], users.rows[user]
            constant, item_row = users.constants[user], table.items[row]
            score = exact_score(table.weights, constant, floor, user_row, item_row)
            if users.item_offsets.size:
                score += users.item_offsets[row]
            found = keep_best(row, score, rows, scores, found)
            n_scored += 1
    return found, n_scored
