"""One call of an operation in the graph, and the rules of layers whose weights are affine."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import keras
import numpy as np

from scoring.split import algebra
from scoring.split.forms import Form, GraphSplitError, Matrix, Source
from scoring.split.functions import activated


@dataclass(frozen=True)
class Call:
    """One call: its operands in order as forms, constants too, and the rank of its tensors.

    `index` is the key of an operation that takes columns.
    """

    operands: tuple[Form, ...]
    rank: int
    index: Any = None

    @classmethod
    def of(cls, node: Any, args: Any, kwargs: Any) -> Call:
        """Read the call of a node whose tensors stand in the arguments as sources and forms.

        Raises:
            GraphSplitError: The tensors differ in rank, or aren't (rows,) or (rows, width).
        """
        ranks = {len(tensor.shape) for tensor in node.input_tensors}
        if ranks not in ({1}, {2}):
            raise GraphSplitError(f"joins tensors of the ranks {sorted(ranks)}; expected rank 2")
        index = None
        if type(node.operation).__name__ == "GetItem":
            args, index = args[:1], args[1] if len(args) > 1 else kwargs.get("key")
            kwargs = {}
        named = {name: value for name, value in kwargs.items() if name != "training"}
        given = keras.tree.flatten((args, named))
        operands = tuple(_as_form(value) for value in given if value is not None)
        return cls(operands, ranks.pop(), index)

    @property
    def form(self) -> Form:
        """The only operand."""
        if len(self.operands) != 1:
            raise GraphSplitError(f"has {len(self.operands)} operands; expected 1")
        return self.operands[0]


Rule = Callable[[Any, Call], Form]


def operation_key(operation: Any) -> str:
    """Return "layer:Dense" or "op:Add" for Keras's own exact classes, "custom:…" for others."""
    kind = type(operation)
    for family, module in (("layer", "layers"), ("op", "ops"), ("op", "activations")):
        if kind.__module__.startswith(f"keras.src.{module}."):
            return f"{family}:{kind.__name__}"
    return f"custom:{kind.__name__}"


def as_matrix(weights: Any) -> Matrix:
    """Convert a Keras weight, tensor or number to float64."""
    return np.asarray(keras.ops.convert_to_numpy(weights), dtype=np.float64)


def _as_form(value: Any) -> Form:
    if isinstance(value, Source):
        return algebra.from_leaf(value)
    if isinstance(value, Form):
        return value
    constant = as_matrix(value)
    if constant.ndim > 2 or (constant.ndim == 2 and constant.shape[0] != 1):
        raise GraphSplitError(f"a constant of shape {constant.shape} meets a joint tensor")
    return Form(constant.reshape(-1))


def batch_normalization(operation: Any, call: Call) -> Form:
    """Apply the moving statistics: affine by column, so it splits on a concatenation."""
    check_last_axis(operation.axis, call.rank)
    mean, variance = as_matrix(operation.moving_mean), as_matrix(operation.moving_variance)
    scale = 1 / np.sqrt(variance + operation.epsilon)
    if operation.gamma is not None:
        scale = scale * as_matrix(operation.gamma)
    shift = -mean * scale
    if operation.beta is not None:
        shift = shift + as_matrix(operation.beta)
    return algebra.affine(call.form, scale, shift)


def layer_normalization(operation: Any, call: Call) -> Form:
    """Standardize rows, which needs both sides at once, then apply scale and shift."""
    check_last_axis(operation.axis, call.rank)
    if operation.rms_scaling:
        raise GraphSplitError("rms_scaling has no exact rule")
    standard = algebra.activate(call.form, "standardize", (float(operation.epsilon),))
    scale = 1.0 if operation.gamma is None else as_matrix(operation.gamma)
    shift = 0.0 if operation.beta is None else as_matrix(operation.beta)
    return algebra.affine(standard, scale, shift)


def normalization(operation: Any, call: Call) -> Form:
    """Compute (x - mean) / deviation with the adapted statistics, or its inverse."""
    mean, variance = as_matrix(operation.mean).ravel(), as_matrix(operation.variance).ravel()
    deviation = np.maximum(np.sqrt(variance), keras.backend.epsilon())
    if operation.invert:
        return algebra.affine(call.form, deviation, mean)
    return algebra.affine(call.form, 1 / deviation, -mean / deviation)


def unit_normalization(operation: Any, call: Call) -> Form:
    """Divide rows by their length."""
    check_last_axis(operation.axis, call.rank)
    return algebra.activate(call.form, "unit_norm", (1e-12,))


def prelu(operation: Any, call: Call) -> Form:
    """Compute slope · x + (1 - slope) · relu(x), column by column."""
    slopes = as_matrix(operation.alpha).reshape(-1)
    units = algebra.affine(activated(call.form, "relu"), 1 - slopes)
    return algebra.add([algebra.affine(call.form, slopes), units])


def check_last_axis(axis: Any, rank: int) -> None:
    """Refuse an axis that is not the last of a matrix.

    Raises:
        GraphSplitError: It is another one, or the tensor is not a matrix.
    """
    axes = list(axis) if isinstance(axis, (list, tuple)) else [axis]
    if rank != 2 or len(axes) != 1 or axes[0] not in (-1, 1):
        raise GraphSplitError(
            f"works along axis {axis} of a tensor of rank {rank}; expected the last"
        )
