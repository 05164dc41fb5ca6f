"""Splits a loaded Keras model into user half, item half and joint head, exactly.

The split is read from the graph itself. A model that has no exact split is told with the
reason, and the caller falls back to `model.predict`.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import FloatArray
from scoring.head.joint import Head, describe, outputs, score
from scoring.split import algebra
from scoring.split.affinity import separate_affinity
from scoring.split.forms import Side, Source, SplitError
from scoring.split.halves import Half
from scoring.split.lower import Lowered, lower
from scoring.split.precision import as_float32
from scoring.split.walk import output_value

__all__ = ["SplitError", "SplitModel", "check_split", "input_widths", "split", "split_model"]

AGREEMENT = 1e-4
"""Largest difference to the model's scores that counts as float32 rounding."""

INPUTS: Final = (
    ("user review", Side.USER),
    ("user item", Side.USER),
    ("item description", Side.ITEM),
    ("price", Side.ITEM),
    ("affinity", Side.ITEM),
    ("user profile", Side.USER),
)
"""The inputs of a network in their order, and on whom each depends; the last two are optional.

The affinity depends on both. It counts as the item's, because a half in which it is only
added up can be computed without it and corrected for the few items that a user touches.
"""

REQUIRED_INPUTS: Final = 4
AFFINITY: Final = 4
_USER_INPUTS: Final = (0, 1, 5)
_ITEM_INPUTS: Final = (2, 3)

AffinitiesOf = Callable[[int], tuple[NDArray[np.int32], FloatArray]]
"""The items that a user's history touches, ascending, and their affinities (t, C) float32."""

_SATURATED = 0.01
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SplitModel:
    """A model split by side; `head` joins the rows that the two halves compute.

    `affinity_weights` (C, head.item_width) float32 is what a unit of each affinity adds to an
    item's row, None for a model without that input.
    """

    head: Head
    widths: tuple[int, ...]
    reference: Any = field(repr=False)
    user: Half = field(repr=False)
    item: Half = field(repr=False)
    note: str = ""
    affinity_weights: FloatArray | None = field(default=None, repr=False)

    def user_half(self, *given: FloatArray) -> FloatArray:
        """Compute the rows of users.

        Args:
            given: User review (m, dr), user item (m, di), and for a model of six inputs
                the user profile (m, dp), all float32.

        Returns:
            (m, head.user_width) float32.

        Raises:
            SplitError: Widths differ from the model's, or the arrays differ in rows.
        """
        return self.user.compute(self._placed(_USER_INPUTS, given))

    def item_half(
        self, item_desc: FloatArray, item_price: FloatArray, affinity: FloatArray | None = None
    ) -> FloatArray:
        """Compute the rows of items, or of pairs where an affinity is given.

        Args:
            item_desc: (n, d) float32.
            item_price: (n, dp) float32.
            affinity: (n, C) float32; by default zero.

        Returns:
            (n, head.item_width) float32.

        Raises:
            SplitError: Widths differ from the model's, or the arrays differ in rows.
        """
        rows = self.item.compute(self._placed(_ITEM_INPUTS, (item_desc, item_price)))
        if affinity is not None and self.affinity_weights is not None:
            rows += affinity @ self.affinity_weights
        return rows

    def _placed(
        self, positions: Sequence[int], given: Sequence[FloatArray]
    ) -> list[FloatArray | None]:
        """All inputs of the model, None for those that aren't given."""
        expected = [position for position in positions if position < len(self.widths)]
        if len(given) != len(expected):
            names = [INPUTS[position][0] for position in expected]
            raise SplitError(f"{len(given)} inputs came; this half of the model reads {names}")
        placed: list[FloatArray | None] = [None] * len(self.widths)
        for position, array in zip(expected, given, strict=True):
            wanted = (len(given[0]), self.widths[position])
            if array.shape != wanted:
                raise SplitError(
                    f"{INPUTS[position][0]}: shape {array.shape}; the model expects {wanted}."
                )
            placed[position] = array
        return placed

    def __str__(self) -> str:
        """Say what the head is, for logs and health answers."""
        return describe(self.head) + (f" ({self.note})" if self.note else "")


def input_widths(model: Any) -> tuple[int, ...]:
    """Columns of each input of a model, in its order; an input of shape (rows,) counts as one.

    Raises:
        SplitError: An input is not a matrix of known width, or the batch size is fixed.
    """
    widths = []
    for tensor in model.inputs:
        shape = tuple(tensor.shape)
        if len(shape) not in (1, 2) or shape[0] is not None or None in shape[1:]:
            raise SplitError(f"input {tensor.name!r} has shape {shape}; expected (None, width)")
        widths.append(int(shape[1]) if len(shape) == 2 else 1)
    return tuple(widths)


def split(model: Any) -> SplitModel:
    """Split a model that reads `INPUTS`, the first four, five or all six.

    Raises:
        SplitError: It has no exact split; the text says at which layer and why.
    """
    n_inputs = len(model.inputs)
    if not REQUIRED_INPUTS <= n_inputs <= len(INPUTS) or len(model.outputs) != 1:
        raise SplitError(
            f"{n_inputs} inputs and {len(model.outputs)} outputs; expected user review, user "
            "item, item description, price, optionally affinity and user profile, and one output"
        )
    if isinstance(model.input, dict):
        raise SplitError("the inputs are named, not in order; save the model with a list of inputs")
    widths = input_widths(model)
    reference, note = as_float32(model)
    lowered = _lowered(reference)
    item, affinity_weights = lowered.item, None
    if n_inputs > AFFINITY:
        item, affinity_weights = separate_affinity(item, AFFINITY, widths[AFFINITY])
    return SplitModel(lowered.head, widths, reference, lowered.user, item, note, affinity_weights)


def _lowered(model: Any) -> Lowered:
    """Head and halves of a model; what surprises the rules is refused too."""
    sides = [side for _, side in INPUTS[: len(model.inputs)]]
    try:
        value = output_value(model, sides, AFFINITY if len(sides) > AFFINITY else None)
        return lower(algebra.from_leaf(value) if isinstance(value, Source) else value)
    except SplitError:
        raise
    except RecursionError as error:
        raise SplitError("the graph is too deep to be read") from error
    except (ArithmeticError, AttributeError, LookupError, TypeError, ValueError) as error:
        # A graph from elsewhere may hold what no rule foresaw: slow is better than wrong.
        raise SplitError(f"the graph holds something unforeseen: {error!r}") from error


def split_model(model: Any) -> SplitModel | None:
    """Split a model; None, with the reason in the log, if it has no exact split."""
    try:
        return split(model)
    except SplitError as error:
        _log.warning("The model does not split, scoring falls back to predict: %s.", error)
        return None


def check_split(
    split: SplitModel,
    inputs: Sequence[FloatArray],
    n_pairs: int = 512,
    seed: int = 0,
    *,
    affinities_of: AffinitiesOf | None = None,
    user_profile: FloatArray | None = None,
) -> float:
    """Compare a split with the model's own `predict` on pairs drawn at random.

    Logits are compared where the last function still tells them apart (a sigmoid between
    .01 and .99), outputs elsewhere; differences of large scores count relative to them.

    Args:
        split: The split model.
        inputs: User review (m, dr), user item (m, di), item description (n, d), price (n, dp).
        n_pairs: Pairs to draw; half of them where the user's history touches the item.
        seed: Of the draw.
        affinities_of: Of a user by row, for a model that reads the affinity.
        user_profile: (m, dp), for a model that reads it.

    Returns:
        The largest difference; up to AGREEMENT is rounding. NaN if a score is not finite.

    Raises:
        SplitError: The model reads an input that isn't given.
    """
    user_review, user_item, item_desc, item_price = inputs
    draw = np.random.default_rng(seed)
    users = draw.integers(len(user_review), size=n_pairs)
    items = draw.integers(len(item_desc), size=n_pairs)
    user_side, item_side = [user_review, user_item], []
    if split.affinity_weights is not None:
        if affinities_of is None:
            raise SplitError("the model reads affinities; none are given to check it with")
        items, affinity = _touched(draw, users, items, affinities_of, split.widths[AFFINITY])
        item_side.append(affinity)
    if len(split.widths) == len(INPUTS):
        if user_profile is None:
            raise SplitError("the model reads user profiles; none are given to check it with")
        user_side.append(user_profile)
    user_pairs = [array[users] for array in user_side]
    item_pairs = [item_desc[items], item_price[items], *item_side]
    in_order = [*user_pairs[:2], *item_pairs, *user_pairs[2:]]
    expected = split.reference.predict(in_order, batch_size=n_pairs, verbose=0).reshape(-1)
    rows = zip(split.user_half(*user_pairs), split.item_half(*item_pairs), strict=True)
    scores = np.concatenate([score(split.head, user[None], item[None])[0] for user, item in rows])
    return _largest_difference(split.head, scores, expected)


def _touched(
    draw: np.random.Generator,
    users: NDArray[np.int64],
    items: NDArray[np.int64],
    affinities_of: AffinitiesOf,
    width: int,
) -> tuple[NDArray[np.int64], FloatArray]:
    """Move every other pair to an item that its user touches; give all pairs' affinities."""
    items, affinity = items.copy(), np.zeros((len(items), width), dtype=np.float32)
    for pair, user in enumerate(users):
        rows, phi = affinities_of(int(user))
        if pair % 2 and len(rows):
            items[pair] = draw.choice(rows)
        place = int(np.searchsorted(rows, items[pair]))
        if place < len(rows) and rows[place] == items[pair]:
            affinity[pair] = phi[place]
    return items, affinity


def _largest_difference(head: Head, scores: FloatArray, expected: FloatArray) -> float:
    got = outputs(head, scores)
    difference = np.abs(got - expected) / np.maximum(1, np.abs(expected))
    if head.output_activation == "sigmoid":
        share = (expected.astype(np.float64) - head.output_shift) / head.output_scale
        told_apart = (share > _SATURATED) & (share < 1 - _SATURATED)
        share = np.where(told_apart, share, 0.5)
        logits = np.log(share / (1 - share))
        difference = np.where(told_apart, np.abs(scores - logits), difference)
    return float(difference.max())
