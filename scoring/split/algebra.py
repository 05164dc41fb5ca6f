"""Exact arithmetic with linear forms, see docs/scoring.md.

Linear layers only rewrite offsets, matrices and bias, in float64. Products of one-sided parts
become leaves again; a function is a leaf around its argument.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence

import numpy as np

from scoring.head.activations import ELEMENTWISE, apply
from scoring.split.forms import Activated, Form, GraphSplitError, Leaf, Matrix, Product, Side, Term


def from_leaf(leaf: Leaf) -> Form:
    """Wrap a leaf as a form."""
    return Form(np.zeros(leaf.width), (Term(leaf, np.ones(leaf.width)),))


def concatenate(forms: Sequence[Form]) -> Form:
    """Put the columns of forms side by side."""
    terms: list[Term] = []
    start = 0
    for form in forms:
        terms += [Term(t.leaf, t.matrix, t.offset + start) for t in form.terms]
        start += form.width
    return Form(np.concatenate([form.bias for form in forms]), tuple(terms))


def affine(form: Form, scale: Matrix | float = 1.0, shift: Matrix | float = 0.0) -> Form:
    """Compute form · scale + shift by column; a single column is repeated to match vectors."""
    scale, shift = np.asarray(scale, np.float64), np.asarray(shift, np.float64)
    form = widened(form, max(scale.size, shift.size))
    if scale.size not in (1, form.width) or shift.size not in (1, form.width):
        raise GraphSplitError(
            f"a constant of {max(scale.size, shift.size)} meets {form.width} columns"
        )
    scales = np.broadcast_to(scale.reshape(-1), (form.width,))
    terms = tuple(Term(t.leaf, t.matrix * scales[slice(*t.span)], t.offset) for t in form.terms)
    return Form(form.bias * scales + shift.reshape(-1), terms)


def dense(form: Form, kernel: Matrix, bias: Matrix | None = None) -> Form:
    """Compute form · kernel + bias, with the kernel (width, k) float64."""
    terms = []
    for term in form.terms:
        rows = kernel[slice(*term.span)]
        matrix = term.matrix[:, None] * rows if term.matrix.ndim == 1 else term.matrix @ rows
        terms.append(Term(term.leaf, matrix))
    shift = np.zeros(kernel.shape[1]) if bias is None else bias
    return Form(form.bias @ kernel + shift, tuple(terms))


def add(forms: Sequence[Form]) -> Form:
    """Add forms of equal width; a single column is added to every column."""
    width = max(form.width for form in forms)
    forms = [widened(form, width) for form in forms]
    bias = np.sum([form.bias for form in forms], axis=0)
    return Form(bias, tuple(term for form in forms for term in form.terms))


def multiply(left: Form, right: Form) -> Form:
    """Multiply by element; sums of one-sided and user-times-item parts stay such sums."""
    if left.side is Side.NONE:
        return affine(right, left.bias)
    if right.side is Side.NONE:
        return affine(left, right.bias)
    width = max(left.width, right.width)
    if {left.width, right.width} - {1, width}:
        raise GraphSplitError(f"{left.width} and {right.width} columns are multiplied")
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
    if form.side is Side.NONE:
        row = form.bias[None].astype(np.float32)
        return Form(apply(name, row, parameters)[0].astype(np.float64))
    runs = list(_runs_of_a_side(form))
    if name not in ELEMENTWISE or len(runs) == 1:
        return from_leaf(Activated(name, parameters, form))
    return concatenate([activate(columns(form, lo, hi), name, parameters) for lo, hi in runs])


def columns(form: Form, lo: int, hi: int) -> Form:
    """Select columns lo to hi (not included)."""
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
    """Repeat a single column to `width` columns; return a form of that width unchanged."""
    if form.width == width or width <= 1:
        return form
    if form.width != 1:
        raise GraphSplitError(f"{form.width} columns meet {width} columns")
    return dense(form, np.ones((1, width)))


def bilinear_sides(leaf: Product, weights: Matrix) -> tuple[Form, Form]:
    """Return user and item of a bilinear product, full width, the item's columns times weights."""
    user, item = leaf.inner if leaf.left.side is Side.USER else reversed(leaf.inner)
    return widened(user, leaf.width), affine(widened(item, leaf.width), weights)


def split_sides(form: Form) -> tuple[Form, Form, Form]:
    """Return the parts of a form that depend on the user (with the bias), the item, both."""
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
    yield from itertools.pairwise(cuts)
