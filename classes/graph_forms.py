"""Exact algebra for tensors that depend on a user and an item: the linear form.

Every tensor (pairs, width) of a joint network is written as

    value = bias + Σ_terms  place(leaf · matrix)

where a leaf is an input-side array, an activated form or a product of two forms, and
`place` puts the columns at an offset. Concatenation, dropout, batch normalisation,
Dense, sums and slices only rewrite offsets, matrices and bias (in float64), so linear
layers cost nothing in precision and vanish. No Keras here: plain arrays.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from enum import IntFlag
from typing import Any

import numpy as np

from recsys.joint_ops import ELEMENTWISE

Matrix = np.ndarray[tuple[int, ...], np.dtype[np.float64]]


class SplitError(ValueError):
    """A network doesn't split into user half, item half and joint head; the text says why."""


class Side(IntFlag):
    """On whom a value depends."""

    NONE = 0
    USER = 1
    ITEM = 2
    BOTH = 3


@dataclass(frozen=True, eq=False)
class Source:
    """An array of one side, (rows, width): an input, or a layer's output that Keras computes.

    `call` says how: None for an input (number `position`), else (layer, args, kwargs) with
    the sources of its arguments in place of the tensors.
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
            raise SplitError(f"a tensor of shape {self.shape} meets the other side; needs (n, d)")
        return self.shape[1]


@dataclass(frozen=True, eq=False)
class Activated:
    """The function called `name` (of `recsys.joint_ops`) on every value of a form."""

    name: str
    parameters: tuple[float, ...]
    form: Form

    @property
    def width(self) -> int:
        """Columns."""
        return self.form.width

    @property
    def side(self) -> Side:
        """On whom it depends."""
        return self.form.side


@dataclass(frozen=True, eq=False)
class Product:
    """Two forms of equal width, or one of them a single column, multiplied by element."""

    left: Form
    right: Form

    @property
    def width(self) -> int:
        """Columns."""
        return max(self.left.width, self.right.width)

    @property
    def side(self) -> Side:
        """On whom it depends."""
        return self.left.side | self.right.side


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
        """The matrix (d, k), a diagonal one spelled out."""
        return np.diag(self.matrix) if self.matrix.ndim == 1 else self.matrix


@dataclass(frozen=True, eq=False)
class Form:
    """bias (width,) float64 plus terms; see the module."""

    bias: Matrix
    terms: tuple[Term, ...] = ()

    @property
    def width(self) -> int:
        """Columns."""
        return len(self.bias)

    @property
    def side(self) -> Side:
        """On whom it depends."""
        side = Side.NONE
        for term in self.terms:
            side |= term.leaf.side
        return side


def from_leaf(leaf: Leaf) -> Form:
    """The form that is just that leaf."""
    return Form(np.zeros(leaf.width), (Term(leaf, np.ones(leaf.width)),))


def concatenate(forms: Sequence[Form]) -> Form:
    """Columns of the forms side by side."""
    terms: list[Term] = []
    start = 0
    for form in forms:
        terms += [Term(t.leaf, t.matrix, t.offset + start) for t in form.terms]
        start += form.width
    return Form(np.concatenate([form.bias for form in forms]), tuple(terms))


def affine(form: Form, scale: Matrix | float = 1.0, shift: Matrix | float = 0.0) -> Form:
    """form · scale + shift, column by column; a single column meets vectors by repeating."""
    scale, shift = np.asarray(scale, np.float64), np.asarray(shift, np.float64)
    form = widened(form, max(scale.size, shift.size))
    if scale.size not in (1, form.width) or shift.size not in (1, form.width):
        raise SplitError(f"a constant of {max(scale.size, shift.size)} meets {form.width} columns")
    scales = np.broadcast_to(scale.reshape(-1), (form.width,))
    terms = tuple(Term(t.leaf, t.matrix * scales[slice(*t.span)], t.offset) for t in form.terms)
    return Form(form.bias * scales + shift.reshape(-1), terms)


def dense(form: Form, kernel: Matrix, bias: Matrix | None = None) -> Form:
    """form · kernel + bias, with the kernel (width, k) float64."""
    terms = []
    for term in form.terms:
        rows = kernel[slice(*term.span)]
        matrix = term.matrix[:, None] * rows if term.matrix.ndim == 1 else term.matrix @ rows
        terms.append(Term(term.leaf, matrix))
    shift = np.zeros(kernel.shape[1]) if bias is None else bias
    return Form(form.bias @ kernel + shift, tuple(terms))


def add(forms: Sequence[Form]) -> Form:
    """Sum of forms of equal width; a single column is added to every column."""
    width = max(form.width for form in forms)
    forms = [widened(form, width) for form in forms]
    bias = np.sum([form.bias for form in forms], axis=0)
    return Form(bias, tuple(term for form in forms for term in form.terms))


def multiply(left: Form, right: Form) -> Form:
    """Element by element; what is a sum of one-sided and user-times-item parts stays one."""
    if left.side is Side.NONE:
        return affine(right, left.bias)
    if right.side is Side.NONE:
        return affine(left, right.bias)
    width = max(left.width, right.width)
    if {left.width, right.width} - {1, width}:
        raise SplitError(f"{left.width} and {right.width} columns are multiplied")
    lefts, rights = split_sides(left), split_sides(right)
    if lefts[2].terms or rights[2].terms:
        return from_leaf(Product(left, right))
    pairs = [(one, other) for one in lefts[:2] for other in rights[:2]]
    kept = [pair for pair in pairs if not any(_is_zero(form) for form in pair)]
    return add([_multiply_sides(one, other) for one, other in kept] or [Form(np.zeros(width))])


def _multiply_sides(left: Form, right: Form) -> Form:
    """Multiply two forms of one side each (or constants)."""
    if Side.NONE in (left.side, right.side):
        return multiply(left, right)
    return from_leaf(Product(left, right))


def activate(form: Form, name: str, parameters: tuple[float, ...] = ()) -> Form:
    """Apply a named function; columns of a single side stay on their side."""
    if name not in ELEMENTWISE or form.side is not Side.BOTH:
        return from_leaf(Activated(name, parameters, form))
    runs = [columns(form, lo, hi) for lo, hi in _runs_of_a_side(form)]
    return concatenate([from_leaf(Activated(name, parameters, run)) for run in runs])


def columns(form: Form, lo: int, hi: int) -> Form:
    """Columns lo to hi (not included)."""
    terms = []
    for term in form.terms:
        first, last = max(lo, term.span[0]), min(hi, term.span[1])
        if first < last:
            kept = slice(first - term.offset, last - term.offset)
            whole = (first, last) == term.span
            matrix = term.matrix if whole else term.dense()[:, kept]
            terms.append(Term(term.leaf, matrix, first - lo))
    return Form(form.bias[lo:hi], tuple(terms))


def widened(form: Form, width: int) -> Form:
    """A single column repeated to `width` columns; a form of that width as it is."""
    if form.width == width or width <= 1:
        return form
    if form.width != 1:
        raise SplitError(f"{form.width} columns meet {width} columns")
    return dense(form, np.ones((1, width)))


def split_sides(form: Form) -> tuple[Form, Form, Form]:
    """The parts of a form that depend on the user (with the bias), on the item, on both."""
    nothing = np.zeros(form.width)
    parts = {
        side: tuple(term for term in form.terms if term.leaf.side is side)
        for side in (Side.USER, Side.ITEM, Side.BOTH)
    }
    return (
        Form(form.bias, parts[Side.USER]),
        Form(nothing, parts[Side.ITEM]),
        Form(nothing, parts[Side.BOTH]),
    )


def _is_zero(form: Form) -> bool:
    return not form.terms and not form.bias.any()


def _runs_of_a_side(form: Form) -> Iterator[tuple[int, int]]:
    """Cut the columns where the side on which they depend changes."""
    sides = np.zeros(form.width, dtype=np.int8)
    for term in form.terms:
        sides[slice(*term.span)] |= int(term.leaf.side)
    cuts = [0, *(np.flatnonzero(np.diff(sides)) + 1).tolist(), form.width]
    yield from zip(cuts[:-1], cuts[1:], strict=True)
