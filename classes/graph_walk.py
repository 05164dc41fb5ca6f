"""Walks a loaded Keras graph from its output to its inputs and gives the output's form.

What depends on one side only stays with Keras (`Source`); where the sides meet, each
operation is rewritten exactly by the rules of `graph_ops`. Nested models are entered.
Anything without a rule ends the walk with a SplitError.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import keras

from classes import graph_forms as gf
from classes.graph_forms import Form, Side, Source, SplitError
from classes.graph_ops import IDENTITIES, RULES, operation_key
from classes.graph_rows import refuse_unless_rowwise

Value = Source | Form


def output_value(model: Any, sides: Sequence[Side]) -> Value:
    """Give the form (or source) of the model's only output.

    Args:
        model: A functional Keras model.
        sides: The side of each input, in the order of `model.inputs`.

    Raises:
        SplitError: The graph doesn't split; the text says at which layer and why.
    """
    values: list[Value] = [
        Source(side, tuple(tensor.shape), position=position)
        for position, (side, tensor) in enumerate(zip(sides, model.inputs, strict=True))
    ]
    return _outputs_of(_functional(model), values)[0]


def as_form(value: Value) -> Form:
    """A source as a form; a form as it is."""
    return gf.from_leaf(value) if isinstance(value, Source) else value


def _functional(model: Any) -> Any:
    """The functional graph of a model, a Sequential holding its own.

    Raises:
        SplitError: The model has its own Python code, which can't be read.
    """
    if type(model) is keras.Sequential:
        model = model._functional
    kinds = {f"{kind.__module__}.{kind.__name__}": kind for kind in type(model).__mro__}
    functional: Any = kinds.get("keras.src.models.functional.Functional")
    if functional is None or type(model).call is not functional.call:
        raise SplitError(
            f"{type(model).__name__} {getattr(model, 'name', '?')!r} is a subclassed model; "
            "only functional and sequential graphs can be read"
        )
    return model


def _outputs_of(model: Any, inputs: Sequence[Value]) -> list[Value]:
    """The values of a functional graph's outputs when its inputs have the given ones."""
    known: dict[int, Value] = {}
    for tensor, value in zip(model.inputs, inputs, strict=True):
        if isinstance(value, Source) and len(value.shape) != len(tensor.shape):
            raise SplitError(f"model {model.name!r} is called with a tensor of another rank")
        known[id(tensor)] = value
    return [_value_of(tensor, known) for tensor in model.outputs]


def _value_of(tensor: Any, known: dict[int, Value]) -> Value:
    """The value of one tensor; each operation is visited once."""
    if id(tensor) not in known:
        operation, index, _ = tensor._keras_history
        node = operation._inbound_nodes[index]
        arguments = [_value_of(argument, known) for argument in node.arguments.keras_tensors]
        results = _call(operation, node, arguments, known)
        for output, result in zip(node.outputs, results, strict=True):
            known[id(output)] = result
    return known[id(tensor)]


def _call(operation: Any, node: Any, values: list[Value], known: dict[int, Value]) -> list[Value]:
    """The results of one operation."""
    key = operation_key(operation)
    args, kwargs = node.arguments.fill_in(known)
    if kwargs.get("training"):
        raise SplitError(f"layer {operation.name!r} is called with training=True")
    if key in ("model:", "custom:") or (key == "layer:Dense" and _activation_layer(operation)):
        return _enter(operation, key, values)
    if key in IDENTITIES and len(values) == 1:
        return [values[0]]
    side = Side.NONE
    for value in values:
        side |= value.side
    if side is not Side.BOTH and all(isinstance(value, Source) for value in values):
        refuse_unless_rowwise(operation, node)
        return [
            Source(side, tuple(output.shape), (operation, args, kwargs), number)
            for number, output in enumerate(node.outputs)
        ]
    return [_join(operation, key, node, known)]
