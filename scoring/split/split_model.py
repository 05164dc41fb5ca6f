"""A network in two halves and a head, and the inputs that it may have."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, Final

from recsys.arrays import FloatArray
from scoring.head.joint import Head
from scoring.split.forms import GraphSplitError, Side
from scoring.split.halves import Half

INPUTS: Final = (
    ("user review", Side.USER),
    ("user item", Side.USER),
    ("item description", Side.ITEM),
    ("price", Side.ITEM),
    ("affinity", Side.ITEM),
    ("user profile", Side.USER),
)
"""The inputs of a network in their order, and the side of each; the last two are optional.

The affinity depends on both sides. It counts as the item's, because a half in which it is only
added up can be computed without it and corrected for the few items that a history affects.
"""

REQUIRED_INPUTS: Final = 4
AFFINITY: Final = 4
_USER_INPUTS: Final = (0, 1, 5)
_ITEM_INPUTS: Final = (2, 3)


@dataclass(frozen=True)
class SplitModel:
    """A network split by side.

    Attributes:
        head: Joins the rows that the two halves compute.
        widths: Columns of each input, in the order of `INPUTS`.
        reference: The Keras model that the split must agree with.
        user: Computes the rows of users.
        item: Computes the rows of items, without affinities.
        note: What was done to the model before it was split, if anything.
        affinity_weights: (C, head.item_width) float32, what a unit of each affinity adds to an
            item's row; None for a network without that input.
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
            given: User review (m, dr), user item (m, di), and for a network of six inputs
                the user profile (m, dp), all float32.

        Returns:
            (m, head.user_width) float32.

        Raises:
            GraphSplitError: Widths differ from the model's, or the arrays differ in rows.
        """
        return self.user.compute(self._placed(_USER_INPUTS, given))

    def item_half(
        self, item_desc: FloatArray, item_price: FloatArray, affinity: FloatArray | None = None
    ) -> FloatArray:
        """Compute the rows of items, or of pairs where an affinity is given.

        Args:
            item_desc: (n, d) float32.
            item_price: (n, dp) float32.
            affinity: (n, C) float32; None for zeros.

        Returns:
            (n, head.item_width) float32.

        Raises:
            GraphSplitError: Widths differ from the model's, or the arrays differ in rows.
        """
        rows = self.item.compute(self._placed(_ITEM_INPUTS, (item_desc, item_price)))
        if affinity is not None and self.affinity_weights is not None:
            rows += affinity @ self.affinity_weights
        return rows

    def _placed(
        self, positions: Sequence[int], given: Sequence[FloatArray]
    ) -> list[FloatArray | None]:
        """Put arrays at the places of their inputs, None at the others."""
        expected = [position for position in positions if position < len(self.widths)]
        if len(given) != len(expected):
            names = [INPUTS[position][0] for position in expected]
            raise GraphSplitError(f"{len(given)} inputs were given; this half reads {names}")
        placed: list[FloatArray | None] = [None] * len(self.widths)
        for position, array in zip(expected, given, strict=True):
            wanted = (len(given[0]), self.widths[position])
            if array.shape != wanted:
                raise GraphSplitError(
                    f"{INPUTS[position][0]}: shape {array.shape}; the model expects {wanted}."
                )
            placed[position] = array
        return placed
