"""A network without an exact split is refused with the reason."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import pytest
from keras import layers

from scoring.split.forms import GraphSplitError
from scoring.split.graph_split import split
from tests.support.networks import WIDTHS, Build, Tensors, model_of, reference_network


class Doubled(layers.Dense):
    """A Dense by name and nature, but for its answer."""

    def call(self, inputs: Any, training: bool | None = None) -> Any:
        return 2 * super().call(inputs)


class OwnModel(keras.Model):
    """A model whose graph is Python code."""

    def call(self, inputs: Tensors) -> Any:
        return inputs


def cube(x: Any) -> Any:
    return x * x * x


def across_items(inputs: Tensors) -> Any:
    crowd = layers.Softmax(axis=0)(layers.Dense(4)(inputs[2]))
    return layers.Dense(1)(layers.Concatenate()([inputs[0], crowd]))


def hidden(layer: Callable[[Any], Any]) -> Build:
    return lambda inputs: layers.Dense(1)(layer(layers.Concatenate()(inputs)))


REFUSED: dict[str, tuple[Build, str]] = {
    "a Lambda where the sides meet": (hidden(layers.Lambda(cube)), "Lambda"),
    "a Lambda on one side": (
        lambda x: layers.Dense(1)(layers.Concatenate()([layers.Lambda(cube)(x[0]), x[2]])),
        "not known to treat each row",
    ),
    "a custom layer that is a Dense by inheritance": (hidden(Doubled(4)), "Doubled"),
    "a custom activation": (hidden(layers.Dense(4, activation=cube)), "cube"),
    "a custom activation on one side": (
        lambda x: layers.Dense(1)(layers.Concatenate()([layers.Dense(4, cube)(x[0]), x[2]])),
        "cube",
    ),
    "a Lambda as activation on one side": (
        lambda x: layers.Dense(1)(
            layers.Concatenate()([layers.Dense(4, layers.Lambda(cube))(x[0]), x[2]])
        ),
        "unknown activation",
    ),
    "dropout that stays on": (
        hidden(lambda x: layers.Dropout(0.5)(x, training=True)),
        "training=True",
    ),
    "a softmax across the batch": (across_items, "across the rows"),
    "a relu that jumps": (hidden(layers.ReLU(threshold=0.3)), "threshold"),
    "attention over the joint vector": (
        hidden(lambda x: layers.Flatten()(layers.Attention()([layers.Reshape((37, 1))(x)] * 2))),
        "(None, 37, 1)",
    ),
    "a joint softmax of two classes": (
        lambda x: layers.Dense(2, activation="softmax")(layers.Concatenate()(x)),
        "2 columns",
    ),
    "a mask where the sides meet": (hidden(layers.Masking(0.0)), "Masking"),
}


@pytest.mark.parametrize("case", REFUSED)
def test_what_has_no_exact_rule_is_refused_with_the_reason(case: str) -> None:
    build, reason = REFUSED[case]
    inputs = [keras.Input((width,)) for width in WIDTHS]
    with pytest.raises(GraphSplitError) as refusal:
        split(keras.Model(inputs, build(inputs)))
    assert reason in str(refusal.value)


def test_a_subclassed_model_among_the_layers_is_refused() -> None:
    inputs = [keras.Input((width,)) for width in WIDTHS]
    inner = OwnModel(name="secret")
    model = keras.Model(inputs, layers.Dense(1)(layers.Concatenate()(inner(inputs))))
    with pytest.raises(GraphSplitError, match="OwnModel 'secret'"):
        split(model)


def test_a_quantized_model_is_refused() -> None:
    model = model_of(reference_network)
    model.layers[-1].quantize("int8")
    with pytest.raises(GraphSplitError, match="int8"):
        split(model)
