"""Joint heads of any depth: a list of plain steps run over tiles of users and items.

A step reads columns of the two halves or results of earlier steps, and returns a matrix with
one row per user-item pair. No step is code from a model file, only a name and numbers.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from recsys.arrays import FloatArray
from scoring.head import activations

TILE_BYTES = 1 << 20
"""Size of all results of one tile together, so that they stay in a core's L2 cache."""

Span = tuple[int, int]
_NO_COLUMNS: Span = (0, 0)


@dataclass(frozen=True)
class Step:
    """One operation of a program; later steps refer to its result (pairs, width) by its place.

    Kinds, with `u` and `i` for the halves' columns and `r` for earlier results:
        linear: u + i + Σ r · array
        product: u · i, element by element
        dot: Σ u · i over the columns, width 1
        multiply: r₀ · r₁, element by element; a single column serves all columns
        activate: the function `name` with `parameters` on r₀
    """

    kind: str
    width: int
    user: Span = _NO_COLUMNS
    item: Span = _NO_COLUMNS
    inputs: tuple[int, ...] = ()
    arrays: tuple[int, ...] = ()
    name: str = ""
    parameters: tuple[float, ...] = ()


@dataclass(frozen=True)
class Program:
    """Steps in order, the last one giving the score, and the arrays (r, c) float32 they use.

    `user_width` and `item_width` are the numbers of columns of the two halves.
    """

    steps: tuple[Step, ...]
    user_width: int
    item_width: int
    arrays: tuple[FloatArray, ...] = field(default=(), repr=False)

    @property
    def tile_items(self) -> int:
        """Items of one tile; at least one."""
        width = sum(step.width for step in self.steps)
        return max(1, TILE_BYTES // (4 * width))


def run(program: Program, user_rows: FloatArray, item_half: FloatArray) -> FloatArray:
    """Score every user against every item.

    A tile of items stays in the cache while the users pass over it one by one: matrix
    libraries round differently for other shapes, and a user must get the same bits alone.

    Args:
        program: The joint head.
        user_rows: (m, user_width) float32.
        item_half: (n, item_width) float32.

    Returns:
        (m, n) float32.
    """
    scores = np.empty((len(user_rows), len(item_half)), dtype=np.float32)
    for first in range(0, len(item_half), program.tile_items):
        items = slice(first, first + program.tile_items)
        for user in range(len(user_rows)):
            tile = _run_tile(program, user_rows[user : user + 1], item_half[items])
            scores[user, items] = tile.reshape(-1)
    return scores


def _run_tile(program: Program, block: FloatArray, tile: FloatArray) -> FloatArray:
    results: list[FloatArray] = []
    for step in program.steps:
        user, item = block[:, slice(*step.user)], tile[:, slice(*step.item)]
        inputs = [results[register] for register in step.inputs]
        if step.kind == "linear":
            results.append(_linear(program, step, user, item, inputs))
        elif step.kind == "product":
            results.append((user[:, None] * item[None]).reshape(-1, step.width))
        elif step.kind == "dot":
            results.append((user @ item.T).reshape(-1, 1))
        elif step.kind == "multiply":
            results.append(inputs[0] * inputs[1])
        else:
            results.append(activations.apply(step.name, inputs[0], step.parameters))
    return results[-1]


def _linear(
    program: Program, step: Step, user: FloatArray, item: FloatArray, inputs: list[FloatArray]
) -> FloatArray:
    total = np.zeros((len(user) * len(item), step.width), dtype=np.float32)
    pairs = total.reshape(len(user), len(item), step.width)
    if user.shape[1]:
        pairs += user[:, None]
    if item.shape[1]:
        pairs += item[None]
    for values, index in zip(inputs, step.arrays, strict=True):
        total += values @ program.arrays[index]
    return total
