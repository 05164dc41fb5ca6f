"""Refuses Keras layers that don't treat every row of a batch on its own.

A half is computed in batches of users or of items, `model.predict` in batches of pairs.
Both agree only if no layer looks across rows, draws random numbers or keeps state.
"""

from __future__ import annotations

from typing import Any, Final

import keras

from scoring.split.forms import GraphSplitError
from scoring.split.functions import function_name

_LAYER_FAMILIES: Final = frozenset(
    {"activations", "convolutional", "merging", "normalization", "pooling", "regularization"}
    | {"reshaping"}
)
_LAYERS: Final = frozenset(
    {"Dense", "Embedding", "Identity", "Masking", "Rescaling", "Normalization"}
    | {"LSTM", "GRU", "SimpleRNN"}
)
_OPERATIONS: Final = frozenset(
    {"Add", "Subtract", "Multiply", "Divide", "TrueDivide", "Negative", "Square", "Sqrt"}
    | {"Rsqrt", "Reciprocal", "Abs", "Absolute", "Exp", "Log", "Log1p", "Tanh", "Maximum"}
    | {"Minimum", "Clip", "Power", "Sign", "Relu", "Relu6", "ReLU", "Sigmoid", "Softplus"}
    | {"Softsign", "Silu", "LogSigmoid", "LeakyRelu", "HardSigmoid", "HardSilu", "HardTanh"}
    | {"Elu", "Selu", "Celu", "Gelu", "Mish", "Softmax", "Normalize", "Concatenate", "Identity"}
    | {"Sum", "Mean", "Max", "Min", "Norm", "StopGradient"}
    # Masks of one side are operations of the graph as well.
    | {"Equal", "NotEqual", "Any", "All", "LogicalAnd", "LogicalNot", "LogicalOr", "Cast"}
)
_AXES: Final = ("axis", "axes", "shared_axes")
_REDUCTIONS: Final = frozenset(
    {"Sum", "Mean", "Max", "Min", "Norm", "Softmax", "Normalize", "Any", "All"}
)


def refuse_unless_rowwise(operation: Any, node: Any) -> None:
    """Refuse an operation on one side's tensors unless each row's result is its own.

    Raises:
        GraphSplitError: It isn't known to treat rows separately.
    """
    called = f"{type(operation).__name__} {operation.name!r}"
    if not _is_known(operation):
        raise GraphSplitError(f"{called} is not known to treat each row on its own")
    if getattr(operation, "stateful", False):
        raise GraphSplitError(f"{called} keeps a state between batches")
    for name in ("activation", "recurrent_activation"):
        _refuse_unknown_function(getattr(operation, name, None), called)
    if any(output.shape[0] is not None for output in node.outputs):
        raise GraphSplitError(f"{called} gives a tensor without a batch axis")
    is_layer = type(operation).__module__.startswith("keras.src.layers.")
    if not is_layer and len({len(tensor.shape) for tensor in node.input_tensors}) != 1:
        raise GraphSplitError(f"{called} joins tensors of different ranks")
    _refuse_batch_axis(operation, node, called)


def _refuse_unknown_function(function: Any, called: str) -> None:
    if isinstance(function, keras.layers.Layer):
        if not _is_known(function):
            raise GraphSplitError(f"{called} has the unknown activation {function!r}")
    elif function is not None:
        function_name(function)


def _is_known(operation: Any) -> bool:
    kind = type(operation)
    package, _, module = kind.__module__.partition("keras.src.")
    if package or not module:
        return False
    family = module.split(".")
    if family[0] == "layers":
        is_wrapper = kind.__name__ == "SpectralNormalization"  # around a layer of any kind
        return (family[1] in _LAYER_FAMILIES and not is_wrapper) or kind.__name__ in _LAYERS
    return family[0] in ("ops", "activations") and kind.__name__ in _OPERATIONS


def _refuse_batch_axis(operation: Any, node: Any, called: str) -> None:
    rank = len(node.input_tensors[0].shape)
    for name in _AXES:
        axes = getattr(operation, name, None)
        if axes is None and name == "axis" and type(operation).__name__ in _REDUCTIONS:
            raise GraphSplitError(f"{called} works across the rows of a batch (axis=None)")
        flat = axes if isinstance(axes, (list, tuple)) else [axes]
        if any(isinstance(axis, int) and axis % rank == 0 for axis in flat):
            raise GraphSplitError(f"{called} works across the rows of a batch ({name}={axes})")
