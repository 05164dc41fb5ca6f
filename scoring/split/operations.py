"""Exact rules for Keras operations on tensors where user and item meet.

Each rule takes the operation and its call and returns the linear form of the result.
Operations are recognized by their exact class from Keras itself: a subclass may compute
anything, so it has no rule.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import reduce
from types import MappingProxyType
from typing import Any, Final

import keras
import numpy as np

from scoring.split import algebra, layers
from scoring.split.forms import Form, GraphSplitError
from scoring.split.functions import OPERATION_NAMES, activated, function_name, operation_form
from scoring.split.layers import Call, Rule, as_matrix, check_last_axis, operation_key


def _concatenate(operation: Any, call: Call) -> Form:
    check_last_axis(operation.axis, call.rank)
    return algebra.concatenate(call.operands)


def _dense(operation: Any, call: Call) -> Form:
    bias = None if operation.bias is None else as_matrix(operation.bias)
    linear = algebra.dense(call.form, as_matrix(operation.kernel), bias)
    return _activation(operation, Call((linear,), call.rank))


def _activation(operation: Any, call: Call) -> Form:
    """Apply a layer's `activation`: a function of Keras's own, or another layer."""
    function = operation.activation
    if function is None:
        return call.form
    if isinstance(function, keras.layers.Layer):
        key = operation_key(function)
        if key not in RULES:
            raise GraphSplitError(f"the activation {function!r} has no exact rule")
        return RULES[key](function, call)
    return activated(call.form, function_name(function))


def _relu(operation: Any, call: Call) -> Form:
    if operation.threshold:
        raise GraphSplitError(f"a relu with threshold {operation.threshold} jumps; no exact rule")
    ceiling = np.inf if operation.max_value is None else float(operation.max_value)
    return algebra.activate(call.form, "relu", (float(operation.negative_slope), ceiling))


def _dot(operation: Any, call: Call) -> Form:
    axes = operation.axes if isinstance(operation.axes, (list, tuple)) else [operation.axes] * 2
    for axis in axes:
        check_last_axis(axis, call.rank)
    left, right = call.operands
    if operation.normalize:
        floor = (float(keras.backend.epsilon()),)
        left, right = (algebra.activate(form, "unit_norm", floor) for form in (left, right))
    return _total(algebra.multiply(left, right))


def _sum(operation: Any, call: Call) -> Form:
    check_last_axis(operation.axis, call.rank)
    return _total(call.form)


def _mean(operation: Any, call: Call) -> Form:
    return algebra.affine(_sum(operation, call), 1 / call.form.width)


def _get_item(_: Any, call: Call) -> Form:
    """x[:, lo:hi] or x[..., lo:hi]."""
    key = call.index
    rows_kept = isinstance(key, (tuple, list)) and key[0] in (slice(None), Ellipsis)
    if not rows_kept or len(key) != 2 or not isinstance(key[1], slice):
        raise GraphSplitError(f"takes {key!r}; only [:, first:last] has an exact rule")
    lo, hi, step = key[1].indices(call.form.width)
    if step != 1:
        raise GraphSplitError(f"takes every {step}th column")
    return algebra.columns(call.form, lo, hi)


def _total(form: Form) -> Form:
    return algebra.dense(form, np.ones((form.width, 1)))


def _negative(form: Form) -> Form:
    return algebra.affine(form, -1.0)


def _subtract(left: Form, right: Form) -> Form:
    return algebra.add([left, _negative(right)])


def _larger(left: Form, right: Form) -> Form:
    """max(l, r) = r + relu(l - r), exactly."""
    return algebra.add([right, activated(_subtract(left, right), "relu")])


def _smaller(left: Form, right: Form) -> Form:
    return _negative(_larger(_negative(left), _negative(right)))


def _divide(left: Form, right: Form) -> Form:
    return algebra.multiply(left, algebra.activate(right, "reciprocal"))


def _folded(combine: Callable[[Form, Form], Form]) -> Rule:
    return lambda _, call: reduce(combine, call.operands)


def _function(operation: Any, call: Call) -> Form:
    return operation_form(operation, call.form)


IDENTITIES: Final = frozenset(
    {"layer:ActivityRegularization", "layer:AlphaDropout", "layer:Dropout", "layer:Identity"}
    | {"layer:GaussianDropout", "layer:GaussianNoise", "layer:SpatialDropout1D", "op:StopGradient"}
)
"""Operations that return their input outside training."""

_SHAPES = ("layer:Flatten", "layer:Reshape", "op:Reshape", "op:ExpandDims", "op:Squeeze")
_LAYERS: dict[str, Rule] = {
    "Activation": _activation,
    "Add": _folded(lambda left, right: algebra.add([left, right])),
    "Average": lambda _, call: algebra.affine(algebra.add(call.operands), 1 / len(call.operands)),
    "BatchNormalization": layers.batch_normalization,
    "Concatenate": _concatenate,
    "Dense": _dense,
    "Dot": _dot,
    "LayerNormalization": layers.layer_normalization,
    "Maximum": _folded(_larger),
    "Minimum": _folded(_smaller),
    "Multiply": _folded(algebra.multiply),
    "Normalization": layers.normalization,
    "PReLU": layers.prelu,
    "ReLU": _relu,
    "Rescaling": lambda op, call: algebra.affine(
        call.form, as_matrix(op.scale), as_matrix(op.offset)
    ),
    "Subtract": _folded(_subtract),
    "UnitNormalization": layers.unit_normalization,
}
_OPERATIONS: dict[str, Rule] = {
    **{name: _LAYERS[name] for name in ("Add", "Subtract", "Multiply", "Maximum", "Minimum")},
    "Concatenate": _concatenate,
    "Divide": _folded(_divide),
    "GetItem": _get_item,
    "Mean": _mean,
    "Negative": lambda _, call: _negative(call.form),
    "ReLU": _relu,
    "Square": lambda _, call: algebra.multiply(call.form, call.form),
    "Sum": _sum,
    "TrueDivide": _folded(_divide),
}
RULES: Final[Mapping[str, Rule]] = MappingProxyType(
    {f"{family}:{name}": _function for family in ("layer", "op") for name in OPERATION_NAMES}
    | dict.fromkeys(_SHAPES, lambda _, call: call.form)
    | {f"layer:{name}": rule for name, rule in _LAYERS.items()}
    | {f"op:{name}": rule for name, rule in _OPERATIONS.items()}
)
"""The rule of each operation that is known, by `operation_key`."""
