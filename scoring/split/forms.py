"""The linear form, in which every tensor that depends on a user and an item is written.

    value = bias + Σ_terms  place(leaf · matrix)

A leaf is an array of one side, an activated form or a product of two forms; `place` puts the
columns at an offset. `algebra` computes with forms.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from enum import IntFlag
from typing import Any

import numpy as np

Matrix = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


class GraphSplitError(ValueError):
    """A network has no exact split into user half, item half and head; the message says why."""


class Side(IntFlag):
    """Whether a value depends on the user, the item or both."""

    NONE = 0
    USER = 1
    ITEM = 2
    BOTH = 3


@dataclass(frozen=True, eq=False)
class Source:
    """An array of one side, (rows, width): an input, or a layer's output that Keras computes.

    Attributes:
        side: The side on which it depends.
        shape: As Keras has it, the batch axis first.
        call: None for an input, else (layer, args, kwargs) with the sources of its arguments
            in place of the tensors.
        position: Number of the input, or of the output of the call.
    """

    side: Side
    shape: tuple[int | None, ...]
    call: tuple[Any, Any, Any] | None = None
    position: int = -1

    @property
    def width(self) -> int:
        """Columns, a tensor of rank 1 counting as one column."""
        if len(self.shape) == 1:
            return 1
        if len(self.shape) != 2 or self.shape[1] is None:
            raise GraphSplitError(
                f"a tensor of shape {self.shape} meets the other side; needs (n, d)"
            )
        return self.shape[1]


@dataclass(frozen=True, eq=False)
class Activated:
    """A function of `scoring.head.activations`, by name, of every value of a form."""

    name: str
    parameters: tuple[float, ...]
    form: Form

    @property
    def width(self) -> int:
        """Columns."""
        return self.form.width

    @property
    def side(self) -> Side:
        """The side on which it depends."""
        return self.form.side

    @property
    def inner(self) -> tuple[Form, ...]:
        """The forms of which it is made."""
        return (self.form,)


@dataclass(frozen=True, eq=False)
class Product:
    """Two forms multiplied by element; of equal width, or one of them a single column."""

    left: Form
    right: Form

    @property
    def width(self) -> int:
        """Columns."""
        return max(self.left.width, self.right.width)

    @property
    def side(self) -> Side:
        """The side on which it depends."""
        return self.left.side | self.right.side

    @property
    def inner(self) -> tuple[Form, ...]:
        """The forms of which it is made."""
        return self.left, self.right

    @property
    def is_bilinear(self) -> bool:
        """Whether it multiplies a part of the user and one of the item."""
        return {self.left.side, self.right.side} == {Side.USER, Side.ITEM}


Leaf = Source | Activated | Product


@dataclass(frozen=True, eq=False)
class Term:
    """leaf · matrix at columns [offset, offset + its columns).

    `matrix` (d, k) float64, or (d,) for a diagonal one.
    """

    leaf: Leaf
    matrix: Matrix
    offset: int = 0

    @property
    def span(self) -> tuple[int, int]:
        """First column and the one past the last."""
        return self.offset, self.offset + self.matrix.shape[-1]

    def dense(self) -> Matrix:
        """The matrix (d, k), diagonal ones in full."""
        return np.diag(self.matrix) if self.matrix.ndim == 1 else self.matrix


@dataclass(frozen=True, eq=False)
class Form:
    """A bias (width,) float64 plus terms."""

    bias: Matrix
    terms: tuple[Term, ...] = ()

    @property
    def width(self) -> int:
        """Columns."""
        return len(self.bias)

    @property
    def side(self) -> Side:
        """The side on which it depends."""
        side = Side.NONE
        for term in self.terms:
            side |= term.leaf.side
        return side


def sources(leaf: Leaf) -> Iterator[Source]:
    """Visit the arrays from which a leaf is computed, some of them more than once."""
    if isinstance(leaf, Source):
        yield leaf
        return
    for form in leaf.inner:
        for term in form.terms:
            yield from sources(term.leaf)


def inputs_of(value: Any) -> Iterator[int]:
    """Visit the numbers of the inputs behind a source, or behind the arguments of a call."""
    if isinstance(value, Source):
        yield from (value.position,) if value.call is None else inputs_of(value.call[1:])
    elif isinstance(value, dict):
        yield from inputs_of(list(value.values()))
    elif isinstance(value, list | tuple):
        for each in value:
            yield from inputs_of(each)
