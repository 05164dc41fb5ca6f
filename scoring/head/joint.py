"""The joint head of a split network: from a user's row and the item half to scores.

Scores are the network's output before its last increasing activation ("logits"): the order is
the same, and items whose sigmoid rounds to 1 stay apart. See docs/scoring.md.
"""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import FloatArray
from scoring.head import activations
from scoring.head.program import Program, run

TILE_ITEMS = 1_024
"""Items of one tile; 1,024 x 128 float32 is half a megabyte, which stays in L2."""


class HeadError(ValueError):
    """A head doesn't fit the halves that it is given, or holds numbers that can't be used."""


@dataclass(frozen=True)
class Head:
    """How a user row and an item row make a score, in one of two forms.

    Additive (`program` is None), the form that the compiled search takes:

        score(u, j) = Σ_t w_t · relu(a_ut + h_jt) + Σ_d p_ud · q_jd + c_u + e_j + bias

        user row = [a (n_relu) | p (n_product) | c (1)]
        item row = [h (n_relu) | q (n_product) | e (1)]

    Program: any other network, as a list of steps over the columns of both rows.

    The network's own output is `output_scale · f(score) + output_shift`, f being the
    function called `output_activation` ("linear" for none).

    Raises:
        HeadError: The relu weights are not (n_relu,) float32 and finite.
    """

    n_relu: int
    n_product: int
    relu_weights: FloatArray = field(repr=False)
    bias: float
    output_activation: str = "linear"
    output_parameters: tuple[float, ...] = ()
    output_scale: float = 1.0
    output_shift: float = 0.0
    program: Program | None = None

    def __post_init__(self) -> None:
        """Refuse weights that don't fit the number of units or are not finite."""
        weights = self.relu_weights
        if weights.shape != (self.n_relu,) or weights.dtype != np.float32:
            raise HeadError(
                f"relu weights: shape {weights.shape} of {weights.dtype}; "
                f"expected ({self.n_relu},) float32."
            )
        if not (np.isfinite(weights).all() and np.isfinite(self.bias)):
            raise HeadError("relu weights or bias hold NaN or infinite values; retrain the model.")

    @property
    def user_width(self) -> int:
        """Columns of a user row."""
        return self.program.user_width if self.program else self.n_relu + self.n_product + 1

    @property
    def item_width(self) -> int:
        """Columns of an item row."""
        return self.program.item_width if self.program else self.n_relu + self.n_product + 1

    def __repr__(self) -> str:
        """Describe the parts of the head."""
        return f"<Head {describe(self)}>"


def score(head: Head, user_rows: FloatArray, item_half: FloatArray) -> FloatArray:
    """Score every given user against every given item.

    Args:
        head: The joint head.
        user_rows: (m, head.user_width) float32.
        item_half: (n, head.item_width) float32.

    Returns:
        (m, n) float32 scores, which order items as the network's outputs do.

    Raises:
        HeadError: A width differs from the head's.
    """
    _check_width("user rows", user_rows, head.user_width)
    _check_width("item half", item_half, head.item_width)
    if head.program is not None:
        return run(head.program, user_rows, item_half)
    scores = np.empty((len(user_rows), len(item_half)), dtype=np.float32)
    for first in range(0, len(item_half), TILE_ITEMS):
        tile = slice(first, first + TILE_ITEMS)
        scores[:, tile] = _score_tile(head, user_rows, item_half[tile])
    return scores


def precise_scores(
    head: Head, user_rows: NDArray[np.float64], item_rows: NDArray[np.float64]
) -> NDArray[np.float64]:
    """Score every user against every item as `score` does, an additive head in float64.

    Args:
        head: The joint head.
        user_rows: (m, head.user_width) float64.
        item_rows: (n, head.item_width) float64; a user's hidden units take n * n_relu * 8 bytes.

    Returns:
        (m, n) float64.
    """
    if head.program is not None:
        halves = user_rows.astype(np.float32), item_rows.astype(np.float32)
        return score(head, *halves).astype(np.float64)
    weights, n_relu = head.relu_weights.astype(np.float64), head.n_relu
    scores = user_rows[:, n_relu:-1] @ item_rows[:, n_relu:-1].T
    scores += user_rows[:, -1:] + item_rows[:, -1] + head.bias
    units = np.ascontiguousarray(item_rows[:, :n_relu])
    hidden = np.empty_like(units)
    for user, row in enumerate(user_rows[:, :n_relu]):
        np.add(units, row, out=hidden)
        np.maximum(hidden, 0.0, out=hidden)
        scores[user] += hidden @ weights
    return scores


def outputs(head: Head, scores: FloatArray) -> FloatArray:
    """Turn scores (any shape) into the network's own outputs, such as probabilities."""
    values = scores
    if head.output_activation != "linear":
        values = activations.apply(head.output_activation, scores, head.output_parameters)
    return np.float32(head.output_scale) * values + np.float32(head.output_shift)


def describe(head: Head) -> str:
    """Describe in a few words what the head computes, for logs and health answers."""
    if head.program is not None:
        steps, arrays = len(head.program.steps), len(head.program.arrays)
        return f"{steps} joint steps over tiles with {arrays} weight arrays, exact split"
    parts = [f"{head.n_relu} relu units"] if head.n_relu else []
    parts += [f"{head.n_product} products"] if head.n_product else []
    return f"{' + '.join(parts) or 'one term a user and one an item'}, exact split"


def _score_tile(head: Head, user_rows: FloatArray, tile: FloatArray) -> FloatArray:
    """Score all users against a tile of items that fits the cache, one user after another."""
    units = slice(0, head.n_relu)
    products = slice(head.n_relu, head.n_relu + head.n_product)
    scores = user_rows[:, products] @ tile[:, products].T
    if head.n_relu:
        item_units = np.ascontiguousarray(tile[:, units])
        hidden = np.empty_like(item_units)
        for row, user_units in enumerate(user_rows[:, units]):
            np.add(item_units, user_units, out=hidden)
            np.maximum(hidden, np.float32(0), out=hidden)
            scores[row] += hidden @ head.relu_weights
    scores += user_rows[:, -1:] + np.float32(head.bias)
    scores += tile[:, -1]
    return np.asarray(scores, dtype=np.float32)


def _check_width(what: str, rows: FloatArray, expected: int) -> None:
    if rows.ndim != 2 or rows.shape[1] != expected:
        raise HeadError(
            f"{what}: shape {rows.shape}; expected (rows, {expected}). "
            "Head and halves come from different models; build the snapshot again."
        )
