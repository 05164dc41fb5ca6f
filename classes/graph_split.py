"""Splits a loaded Keras model into user half, item half and joint head, exactly.

The split is read from the graph itself. A model that has no exact split is told with the
reason, and the caller falls back to `model.predict`.
"""

from __future__ import annotations

import logging
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from classes.graph import algebra
from classes.graph.forms import Side, Source, SplitError
from classes.graph.halves import Half
from classes.graph.lower import Lowered, lower
from classes.graph.precision import as_float32
from classes.graph.walk import output_value
from recsys.joint import Head, describe, outputs, score
from recsys.joint_ops import FloatArray

__all__ = ["SplitError", "SplitModel", "check_split", "input_widths", "split", "split_model"]

AGREEMENT = 1e-4
"""Largest difference to the model's scores that counts as float32 rounding."""

_SIDES = (Side.USER, Side.USER, Side.ITEM, Side.ITEM)
_SATURATED = 0.01
_log = logging.getLogger(__name__)


@dataclass(frozen=True)
class SplitModel:
    """A model split by side; `head` joins the rows that the two halves compute."""

    head: Head
    widths: tuple[int, ...]
    reference: Any = field(repr=False)
    user: Half = field(repr=False)
    item: Half = field(repr=False)
    note: str = ""

    def user_half(self, user_review: FloatArray, user_item: FloatArray) -> FloatArray:
        """Compute the rows of users.

        Args:
            user_review: (m, dr) float32.
            user_item: (m, di) float32.

        Returns:
            (m, head.user_width) float32.

        Raises:
            SplitError: Widths differ from the model's, or the arrays differ in rows.
        """
        self._check(("user review", "user item"), (user_review, user_item), self.widths[:2])
        return self.user.compute([user_review, user_item, None, None])

    def item_half(self, item_desc: FloatArray, item_price: FloatArray) -> FloatArray:
        """Compute the rows of items.

        Args:
            item_desc: (n, d) float32.
            item_price: (n, dp) float32.

        Returns:
            (n, head.item_width) float32.

        Raises:
            SplitError: Widths differ from the model's, or the arrays differ in rows.
        """
        self._check(("item description", "price"), (item_desc, item_price), self.widths[2:])
        return self.item.compute([None, None, item_desc, item_price])

    def __str__(self) -> str:
        """Say what the head is, for logs and health answers."""
        return describe(self.head) + (f" ({self.note})" if self.note else "")

    @staticmethod
    def _check(names: Sequence[str], arrays: Sequence[FloatArray], widths: Sequence[int]) -> None:
        for name, array, width in zip(names, arrays, widths, strict=True):
            if array.ndim != 2 or array.shape[1] != width or len(array) != len(arrays[0]):
                raise SplitError(
                    f"{name}: shape {array.shape}; the model expects ({len(arrays[0])}, {width})."
                )


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
    """Split a model whose inputs are user review, user item, item description and price.

    Raises:
        SplitError: It has no exact split; the text says at which layer and why.
    """
    if len(model.inputs) != len(_SIDES) or len(model.outputs) != 1:
        raise SplitError(
            f"{len(model.inputs)} inputs and {len(model.outputs)} outputs; expected user "
            "review, user item, item description, price and one output"
        )
    if isinstance(model.input, dict):
        raise SplitError("the inputs are named, not in order; save the model with a list of inputs")
    widths = input_widths(model)
    reference, note = as_float32(model)
    lowered = _lowered(reference)
    return SplitModel(lowered.head, widths, reference, lowered.user, lowered.item, note)


def _lowered(model: Any) -> Lowered:
    """Head and halves of a model of four inputs; what surprises the rules is refused too."""
    try:
        value = output_value(model, _SIDES)
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
) -> float:
    """Compare a split with the model's own `predict` on pairs drawn at random.

    Logits are compared where the last function still tells them apart (a sigmoid between
    .01 and .99), outputs elsewhere; differences of large scores count relative to them.

    Args:
        split: The split model.
        inputs: User review (m, dr), user item (m, di), item description (n, d), price (n, dp).
        n_pairs: Pairs to draw.
        seed: Of the draw.

    Returns:
        The largest difference; up to AGREEMENT is rounding. NaN if a score is not finite.
    """
    user_review, user_item, item_desc, item_price = inputs
    draw = np.random.default_rng(seed)
    users = draw.integers(len(user_review), size=n_pairs)
    items = draw.integers(len(item_desc), size=n_pairs)
    pairs = [user_review[users], user_item[users], item_desc[items], item_price[items]]
    expected = split.reference.predict(pairs, batch_size=n_pairs, verbose=0).reshape(-1)
    scores = _score_pairs(split, pairs)
    return _largest_difference(split.head, scores, expected)


def _score_pairs(split: SplitModel, pairs: Sequence[FloatArray]) -> FloatArray:
    """The score of each row of users with the same row of items."""
    users, items = split.user_half(*pairs[:2]), split.item_half(*pairs[2:])
    each = [score(split.head, users[i : i + 1], items[i : i + 1])[0] for i in range(len(users))]
    return np.concatenate(each)


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
