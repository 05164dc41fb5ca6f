"""Walks a loaded Keras graph from its output to its inputs and returns the output's form.

What depends on one side only is left to Keras (`Source`); where the sides meet, the rules of
`operations` rewrite each operation exactly. Nested models are entered. Anything without a rule
ends the walk with a GraphSplitError.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from scoring.split import algebra
from scoring.split.forms import Form, GraphSplitError, Side, Source
from scoring.split.layers import Call, operation_key
from scoring.split.operations import IDENTITIES, RULES
from scoring.split.rows import refuse_unless_rowwise

Value = Source | Form


def output_value(model: Any, sides: Sequence[Side], spelled_out: int | None = None) -> Value:
    """Return the form (or source) of the model's only output.

    Args:
        model: A functional Keras model.
        sides: The side of each input, in the order of `model.inputs`.
        spelled_out: Number of an input from which Keras itself must compute nothing, so that
            it appears in every form that depends on it.

    Raises:
        GraphSplitError: The graph doesn't split; the text says at which layer and why.
    """
    sources = [
        Source(side, tuple(tensor.shape), position=position)
        for position, (side, tensor) in enumerate(zip(sides, model.inputs, strict=True))
    ]
    values: list[Value] = list(sources)
    if spelled_out is not None:
        values[spelled_out] = algebra.from_leaf(sources[spelled_out])
    return _outputs_of(_functional(model), values)[0]


def _functional(model: Any) -> Any:
    """Return the functional graph of a model; a Sequential holds one.

    Raises:
        GraphSplitError: The model has Python code of its own, which can't be read.
    """
    if type(model) is keras.Sequential:
        model = model._functional
    kinds = {f"{kind.__module__}.{kind.__name__}": kind for kind in type(model).__mro__}
    functional: Any = kinds.get("keras.src.models.functional.Functional")
    if functional is None or type(model).call is not functional.call:
        raise GraphSplitError(
            f"{type(model).__name__} {getattr(model, 'name', '?')!r} is a subclassed model; "
            "only functional and sequential graphs can be read"
        )
    return model


def _outputs_of(model: Any, inputs: Sequence[Value]) -> list[Value]:
    """Compute the values of a functional graph's outputs from those of its inputs."""
    if len(inputs) != len(model.inputs):
        raise GraphSplitError(f"model {model.name!r} is called with {len(inputs)} tensors")
    known: dict[int, Value] = {}
    for tensor, value in zip(model.inputs, inputs, strict=True):
        if isinstance(value, Source) and len(value.shape) != len(tensor.shape):
            raise GraphSplitError(f"model {model.name!r} is called with a tensor of another rank")
        known[id(tensor)] = value
    return [_value_of(tensor, known) for tensor in model.outputs]


def _value_of(tensor: Any, known: dict[int, Value]) -> Value:
    """Compute the value of one tensor; each operation is visited once."""
    if id(tensor) not in known:
        operation, index, _ = tensor._keras_history
        node = operation._inbound_nodes[index]
        arguments = [_value_of(argument, known) for argument in node.arguments.keras_tensors]
        results = _call(operation, node, arguments, known)
        for output, result in zip(node.outputs, results, strict=True):
            known[id(output)] = result
    return known[id(tensor)]


def _call(operation: Any, node: Any, values: list[Value], known: dict[int, Value]) -> list[Value]:
    """Compute the results of one operation."""
    _refuse_modes(operation, node)
    if hasattr(operation, "inputs") and hasattr(operation, "outputs"):
        _refuse_named_inputs(operation, node)
        return _outputs_of(_functional(operation), values)
    key = operation_key(operation)
    if key in IDENTITIES and len(values) == 1:
        return [values[0]]
    side = Side.NONE
    for value in values:
        side |= value.side
    args, kwargs = node.arguments.fill_in(known)
    if side is not Side.BOTH and all(isinstance(value, Source) for value in values):
        refuse_unless_rowwise(operation, node)
        return [
            Source(side, tuple(output.shape), (operation, args, kwargs), number)
            for number, output in enumerate(node.outputs)
        ]
    return [_join(operation, node, args, kwargs)]


def _join(operation: Any, node: Any, args: Any, kwargs: Any) -> Form:
    """Apply the rule of an operation where user and item meet, and check its result."""
    key = operation_key(operation)
    if key not in RULES:
        raise GraphSplitError(
            f"{_called(operation)} joins user and item or reads the affinity; it has no exact rule"
        )
    try:
        form = RULES[key](operation, Call.of(node, args, kwargs))
    except GraphSplitError as error:
        raise GraphSplitError(f"{_called(operation)}: {error}") from error
    shape = tuple(node.outputs[0].shape)
    if len(node.outputs) != 1 or shape not in ((None, form.width), (None,) * (form.width == 1)):
        raise GraphSplitError(
            f"{_called(operation)} gives {shape}; the rule gave (None, {form.width})"
        )
    return form


def _refuse_modes(operation: Any, node: Any) -> None:
    """Refuse modes in which a layer doesn't compute what its weights say."""
    arguments = (node.arguments.args, node.arguments.kwargs)
    if any(value is True for value in keras.tree.flatten(arguments)):
        raise GraphSplitError(f"{_called(operation)} is called with training=True")
    if getattr(operation, "quantization_mode", None) is not None:
        raise GraphSplitError(f"{_called(operation)} is quantized to {operation.quantization_mode}")


def _refuse_named_inputs(model: Any, node: Any) -> None:
    """Refuse a nested call by name: Keras would match the inputs, in whatever order."""
    given = node.arguments.args[0] if node.arguments.args else None
    if isinstance(given, dict) or isinstance(model.input, dict):
        raise GraphSplitError(f"{_called(model)} takes its inputs by name; expected a list")


def _called(operation: Any) -> str:
    return f"{type(operation).__name__} {getattr(operation, 'name', '?')!r}"
