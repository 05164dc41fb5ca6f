"""Turns the output's linear form into a joint head and the columns of its two halves."""

from __future__ import annotations

from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from scoring.head.activations import INCREASING
from scoring.head.joint import Head
from scoring.split import algebra
from scoring.split.compile import compile_program
from scoring.split.forms import Activated, Form, GraphSplitError, Leaf, Matrix, Product
from scoring.split.halves import Half

Lowered = tuple[Head, Half, Half]
"""A head and how its user rows and item rows are computed."""


def lower(output: Form) -> Lowered:
    """Strip the last increasing function, then make an additive head, or else a program.

    Args:
        output: The form of the network's output.

    Raises:
        GraphSplitError: It has more than one column.
    """
    if output.width != 1:
        raise GraphSplitError(f"the output has {output.width} columns; expected 1")
    form, stripped = _strip(output)
    lowered = None if _is_clipped(form) else _additive(form)
    if lowered is None:
        program, user, item = compile_program(form)
        head = Head(0, 0, np.zeros(0, np.float32), 0.0, program=program)
        lowered = head, Half(user), Half(item)
    return replace(lowered[0], **stripped), *lowered[1:]


def _strip(output: Form) -> tuple[Form, dict[str, Any]]:
    """Return the argument of a last increasing function, and the head's fields for it."""
    if len(output.terms) != 1:
        return output, {}
    leaf, factor = output.terms[0].leaf, float(output.terms[0].matrix.reshape(-1)[0])
    if not isinstance(leaf, Activated) or leaf.width != 1 or factor <= 0:
        return output, {}
    if leaf.name not in INCREASING or any(parameter <= 0 for parameter in leaf.parameters):
        return output, {}
    return leaf.form, {
        "output_activation": leaf.name,
        "output_parameters": leaf.parameters,
        "output_scale": factor,
        "output_shift": float(output.bias[0]),
    }


def _is_clipped(form: Form) -> bool:
    """Return whether the score is one clipped unit; the additive form would break its ties."""
    leaves = [term.leaf for term in form.terms]
    return (
        len(leaves) == 1
        and isinstance(leaves[0], Activated)
        and leaves[0].name == "relu"
        and leaves[0].width == 1
        and _ceiling(leaves[0]) != np.inf
    )


@dataclass
class _Parts:
    """The user and item blocks of units and products so far, and the linear rest."""

    units: list[tuple[Form, Form]] = field(default_factory=list)
    weights: list[Matrix] = field(default_factory=list)
    products: list[tuple[Form, Form]] = field(default_factory=list)
    linear: list[Form] = field(default_factory=list)


def _additive(form: Form) -> Lowered | None:
    """Fold everything into relu units, products and linear terms; None if something doesn't."""
    parts, waiting = _Parts(), [form]
    while waiting:
        current = waiting.pop()
        user, item, joint = algebra.split_sides(current)
        parts.linear += [user, item]
        for leaf, weights in _weights_by_leaf(joint):
            if isinstance(leaf, Activated) and _is_pair_sum_relu(leaf):
                waiting += _fold_units(parts, leaf, weights)
            elif isinstance(leaf, Product) and leaf.is_bilinear:
                parts.products.append(algebra.bilinear_sides(leaf, weights))
            else:
                return None
    return _assemble(parts)


def _weights_by_leaf(form: Form) -> list[tuple[Leaf, Matrix]]:
    """List each leaf once, with the weights (d,) of its columns in the single output."""
    leaves: dict[int, Leaf] = {}
    sums: dict[int, Matrix] = {}
    for term in form.terms:
        leaves[id(term.leaf)] = term.leaf
        sums[id(term.leaf)] = sums.get(id(term.leaf), 0.0) + term.matrix.reshape(-1)
    return [(leaf, sums[key]) for key, leaf in leaves.items()]


def _is_pair_sum_relu(leaf: Activated) -> bool:
    return leaf.name == "relu" and not algebra.split_sides(leaf.form)[2].terms


def _fold_units(parts: _Parts, leaf: Activated, weights: Matrix) -> list[Form]:
    """Add w · relu(x) with slope s and ceiling k as (1-s)w·relu(x) - w·relu(x-k) + sw·x."""
    slope, ceiling = leaf.parameters[0], _ceiling(leaf)
    _add_units(parts, leaf.form, (1 - slope) * weights)
    if np.isfinite(ceiling):
        _add_units(parts, algebra.affine(leaf.form, shift=-ceiling), -weights)
    return [algebra.dense(leaf.form, slope * weights[:, None])] if slope else []


def _ceiling(leaf: Activated) -> float:
    """Return where a relu leaf stops growing; its parameters are slope and ceiling."""
    return leaf.parameters[1]


def _add_units(parts: _Parts, form: Form, weights: Matrix) -> None:
    parts.units.append(algebra.split_sides(form)[:2])
    parts.weights.append(weights)


def _assemble(parts: _Parts) -> Lowered:
    user, item, _ = algebra.split_sides(algebra.add(parts.linear))
    weights = np.concatenate([*parts.weights, np.zeros(0)]).astype(np.float32)
    n_products = sum(user_form.width for user_form, _ in parts.products)
    head = Head(len(weights), n_products, weights, float(user.bias[0]))
    blocks = [*parts.units, *parts.products, (Form(np.zeros(1), user.terms), item)]
    user_blocks, item_blocks = zip(*blocks, strict=True)
    return head, Half(user_blocks), Half(item_blocks)
