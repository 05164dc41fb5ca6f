"""Networks that no sum of relu units can express split into a program of joint steps."""

from __future__ import annotations

from typing import Any

import numpy as np
import pytest
from keras import layers, ops

from scoring.head.joint import describe
from tests.support.networks import Build, Tensors, assert_agrees, model_of, reference_network


def smooth_hidden_units(inputs: Tensors) -> Any:
    x = layers.Concatenate()(inputs)
    names = ("tanh", "gelu", "silu", "selu", "elu", "softplus", "softsign", "mish", "sigmoid")
    parts = [layers.Dense(3, activation=name)(x) for name in names]
    parts += [layers.Softmax()(layers.Dense(3)(x)), layers.ELU(0.5)(layers.Dense(3)(x))]
    parts += [layers.Dense(3, activation=name)(x) for name in ("celu", "hard_silu", "exponential")]
    parts += [layers.Dense(3, activation="log_sigmoid")(x)]
    return layers.Dense(1, activation="sigmoid")(layers.Concatenate()(parts))


def several_hidden_layers(inputs: Tensors) -> Any:
    x = layers.Dense(16, activation="relu")(layers.Concatenate()(inputs))
    x = layers.Dense(8, activation="relu")(layers.BatchNormalization()(x))
    x = layers.Dense(4, activation="tanh")(layers.Dropout(0.2)(x))
    return layers.Dense(1, activation="sigmoid")(x)


def residual_network(inputs: Tensors) -> Any:
    x = layers.Dense(8, activation="relu")(layers.Concatenate()(inputs))
    x = layers.Add()([x, layers.Dense(8, activation="relu")(x)])
    return layers.Dense(1, activation="sigmoid")(layers.Concatenate()([x, inputs[0], inputs[3]]))


def cross_network(inputs: Tensors) -> Any:
    x = layers.Concatenate()(inputs)
    crossed = layers.Add()([layers.Multiply()([x, layers.Dense(1)(x)]), x])
    crossed = layers.Add()([layers.Multiply()([x, layers.Dense(37)(crossed)]), crossed])
    return layers.Dense(1, activation="sigmoid")(0.3 * crossed)


def layer_normalized(inputs: Tensors) -> Any:
    x = layers.LayerNormalization()(layers.Dense(8)(layers.Concatenate()(inputs)))
    return layers.Dense(1, activation="sigmoid")(layers.ReLU()(x))


def gated_experts(inputs: Tensors) -> Any:
    x = layers.Concatenate()(inputs)
    gates = layers.Dense(3, activation="softmax")(x)
    experts = layers.Concatenate()([layers.Dense(1)(layers.Dense(4, "relu")(x)) for _ in range(3)])
    return layers.Activation("sigmoid")(layers.Dot(axes=1)([gates, experts]))


def average_of_probabilities(inputs: Tensors) -> Any:
    return layers.Average()([reference_network(inputs), reference_network(inputs)])


def cosine_by_hand(inputs: Tensors) -> Any:
    user, item = layers.Dense(6)(inputs[0]), layers.Dense(6)(inputs[2])
    lengths = [ops.sqrt(ops.sum(ops.square(x), axis=-1, keepdims=True)) for x in (user, item)]
    cosine = layers.Dot(axes=1)([user, item]) / (lengths[0] * lengths[1])
    return layers.Dense(1)(layers.Concatenate()([cosine, inputs[1], inputs[3]]))


def hidden_layer_over_a_dot(inputs: Tensors) -> Any:
    dot = layers.Dot(axes=1)([inputs[0], inputs[2]])
    x = layers.Dense(8, "relu")(layers.Concatenate()([dot, *inputs]))
    return layers.Dense(1, activation="sigmoid")(x)


@pytest.mark.parametrize(
    "build",
    [
        smooth_hidden_units,
        several_hidden_layers,
        residual_network,
        cross_network,
        layer_normalized,
        gated_experts,
        average_of_probabilities,
        cosine_by_hand,
        hidden_layer_over_a_dot,
    ],
)
def test_a_deeper_network_agrees_with_predict_and_becomes_a_program(build: Build) -> None:
    parts = assert_agrees(model_of(build))
    assert parts.head.program is not None
    assert describe(parts.head).endswith("exact split")


def random_network(seed: int) -> Build:
    """An architecture drawn at random: towers, merges, heads and hidden layers."""

    def build(inputs: Tensors) -> Any:
        draw = np.random.default_rng(seed)
        pool = [*inputs]
        for _ in range(int(draw.integers(1, 4))):
            pool.append(random_layer(draw, pool[int(draw.integers(len(pool)))]))
        draw.shuffle(pool)
        x = layers.Concatenate()(pool)
        heads = []
        for _ in range(int(draw.integers(1, 4))):
            joint = x
            for _ in range(int(draw.integers(0, 3))):
                joint = random_layer(draw, joint)
            heads.append(layers.Dense(1)(joint))
        if draw.random() < 0.5:
            left, right = layers.Dense(5)(inputs[draw.integers(2)]), layers.Dense(5)(inputs[2])
            heads.append(layers.Dot(axes=1, normalize=bool(draw.integers(2)))([left, right]))
        total = layers.Add()(heads) if len(heads) > 1 else heads[0]
        return layers.Activation(draw.choice(["sigmoid", "linear", "tanh"]))(0.3 * total)

    return build


def random_layer(draw: np.random.Generator, x: Any) -> Any:
    """One to three layers after x, drawn at random."""
    names = ["relu", "tanh", "gelu", "leaky_relu", "linear", "silu", "relu6"]
    x = layers.BatchNormalization()(x) if draw.random() < 0.3 else x
    x = layers.Dense(int(draw.integers(2, 9)), activation=str(draw.choice(names)))(x)
    return layers.Dropout(0.5)(x) if draw.random() < 0.5 else x


@pytest.mark.parametrize("seed", range(16))
def test_networks_drawn_at_random_agree_with_predict(seed: int) -> None:
    review, item, desc = np.random.default_rng(seed).integers(1, 20, 3).tolist()
    widths = (review, item, desc, 1 + seed % 3)
    assert_agrees(model_of(random_network(seed), widths), widths)
