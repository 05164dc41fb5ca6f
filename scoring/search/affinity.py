"""How strongly a history speaks for items: sparse rows added up in room that is used again.

    d_c(j) = Σ_i w_ci S_c[i, j]   over the items i of a history, and   φ_c = log1p(max(d_c, 0))

A pair (i, j) stands at most once in a kernel, so every sum has one order, that of the
history: batches for training and single users in service give the same bits.
"""

from __future__ import annotations

import numpy as np

from scoring.search.jit import entry, inlined
from scoring.search.tables import Array, Kernels, Room


@inlined
def add_up(kernels: Kernels, history: Array, room: Room) -> int:
    """Add the rows of a history (h,) int32, newest first; return how many items were reached."""
    n_kernels, n_reached = kernels.decay.size, 0
    for kernel in range(n_kernels):
        decay, total = np.float64(kernels.decay[kernel]), 0.0
        for place in range(history.size):
            total += np.exp(-decay * place)
        for place in range(history.size):
            share = np.float32(np.exp(-decay * place) / total)
            row = np.int64(history[place]) * n_kernels + kernel
            for at in range(kernels.starts[row], kernels.starts[row + 1]):
                item = kernels.neighbours[at]
                room.sums[item, kernel] += share * kernels.weights[at]
                # Without a branch, which would wait for the mark to come from memory.
                room.reached[n_reached] = item
                n_reached += not is_marked(room.marks, item)
                room.marks[item >> 3] |= 1 << (item & 7)
    return n_reached


@inlined
def is_marked(marks: Array, item: int) -> bool:
    """Tell whether an item was reached."""
    return bool((marks[item >> 3] >> (item & 7)) & 1)


@inlined
def clear(room: Room, n_reached: int) -> None:
    """Bring the room back to zero."""
    for item in room.reached[:n_reached]:
        room.sums[item] = np.float32(0.0)
        room.marks[item >> 3] = 0


@inlined
def phi_of(affinity: float) -> np.float32:
    """log1p of what is positive, in float64 and rounded once, so that it is the same anywhere."""
    return np.float32(np.log1p(max(np.float64(affinity), 0.0)))


@entry
def touched_items(kernels: Kernels, history: Array, room: Room) -> tuple[Array, Array]:
    """Items with any positive sum, ascending (t,) int32, and their phi (t, C) float32."""
    n_reached = add_up(kernels, history, room)
    n_kernels = kernels.decay.size
    rows = np.empty(n_reached, np.int32)
    phi = np.empty((n_reached, n_kernels), np.float32)
    found = 0
    for item in np.sort(room.reached[:n_reached]):
        positive = False
        for kernel in range(n_kernels):
            positive |= room.sums[item, kernel] > 0
            phi[found, kernel] = phi_of(room.sums[item, kernel])
        rows[found] = item
        found += positive
    clear(room, n_reached)
    return rows[:found], phi[:found]


@entry
def phi_of_pairs(
    kernels: Kernels, starts: Array, histories: Array, users: Array, items: Array, room: Room,
    out: Array,
) -> None:  # fmt: skip
    """Write phi (n, C) of pairs in which the pairs of one user stand together."""
    first = 0
    while first < users.size:
        user = users[first]
        n_reached = add_up(kernels, histories[starts[user] : starts[user + 1]], room)
        while first < users.size and users[first] == user:
            for kernel in range(out.shape[1]):
                out[first, kernel] = phi_of(room.sums[items[first], kernel])
            first += 1
        clear(room, n_reached)


@entry
def phi_of_users(
    kernels: Kernels, starts: Array, histories: Array, users: Array, room: Room, out: Array
) -> None:
    """Write phi of every item, for some users, to `out` (m, n_items, C), zeros when given."""
    for place in range(users.size):
        user = users[place]
        n_reached = add_up(kernels, histories[starts[user] : starts[user + 1]], room)
        for item in room.reached[:n_reached]:
            for kernel in range(out.shape[2]):
                out[place, item, kernel] = phi_of(room.sums[item, kernel])
        clear(room, n_reached)


@entry
def top_of_users(
    kernels: Kernels, starts: Array, histories: Array, users: Array, room: Room, out: Array
) -> None:
    """Write the items of largest positive sums by kernel to `out` (m, C, n), -1 when given."""
    best = np.empty(out.shape[2], np.float32)
    for place in range(users.size):
        user = users[place]
        n_reached = add_up(kernels, histories[starts[user] : starts[user + 1]], room)
        for kernel in range(out.shape[1]):
            keep_largest(room, kernel, n_reached, best, out[place, kernel])
        clear(room, n_reached)


@inlined
def keep_largest(room: Room, kernel: int, n_reached: int, best: Array, rows: Array) -> None:
    """Fill `rows` with the reached items of largest positive sum, equal ones by lower row."""
    found = 0
    for item in room.reached[:n_reached]:
        value = room.sums[item, kernel]
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
