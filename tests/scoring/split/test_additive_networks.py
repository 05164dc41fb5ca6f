"""Networks that are sums of relu units and products split into the fast form."""

from __future__ import annotations

from typing import Any

import keras
import pytest
from keras import layers, ops

from tests.support.networks import Build, Tensors, assert_agrees, model_of, wide_and_deep


def nested_concatenations(inputs: Tensors) -> Any:
    review, item, desc, price = inputs
    mixed = layers.Concatenate()([price, layers.Concatenate()([item, desc])])
    x = layers.Concatenate()([mixed, review, price])
    return layers.Dense(1, activation="sigmoid")(layers.Dense(8, activation="relu")(x))


def normalized_concatenation(inputs: Tensors) -> Any:
    x = layers.BatchNormalization()(layers.Concatenate()(inputs))
    x = layers.BatchNormalization(scale=False)(layers.Dense(8)(x))
    return layers.Dense(1, activation="sigmoid")(layers.Activation("relu")(x))


def rescaled_and_noisy(inputs: Tensors) -> Any:
    x = layers.GaussianNoise(0.2)(layers.Rescaling(0.5, offset=0.1)(layers.Concatenate()(inputs)))
    x = layers.LeakyReLU(0.1)(layers.AlphaDropout(0.2)(layers.Dense(8)(x)))
    return layers.Dense(1, activation="sigmoid")(layers.ActivityRegularization(0.1)(x))


def towers_before_the_merge(inputs: Tensors) -> Any:
    user = layers.Dense(8, activation="tanh")(layers.Concatenate()(inputs[:2]))
    user = layers.LayerNormalization()(layers.Dense(6, activation="gelu")(user))
    item = layers.Dense(8, activation="elu")(layers.Concatenate()(inputs[2:]))
    x = layers.Concatenate()([layers.BatchNormalization()(item), user])
    return layers.Dense(1, activation="sigmoid")(layers.Dense(8, activation="relu")(x))


def dot_of_towers(inputs: Tensors) -> Any:
    user = layers.Dense(8)(layers.Concatenate()(inputs[:2]))
    item = layers.Dense(8)(layers.Concatenate()(inputs[2:]))
    return layers.Activation("sigmoid")(layers.Dot(axes=1)([item, user]))


def cosine_of_towers(inputs: Tensors) -> Any:
    user = layers.Dense(8)(layers.Concatenate()(inputs[:2]))
    item = layers.Dense(8)(layers.Concatenate()(inputs[2:]))
    return layers.Dense(1)(layers.Dot(axes=-1, normalize=True)([user, item]))


def multiplied_and_summed(inputs: Tensors) -> Any:
    user = layers.UnitNormalization()(layers.Add()(inputs[:2]))
    item = layers.Dense(12)(layers.Concatenate()(inputs[2:]))
    return ops.sum(layers.Multiply()([user, item]), axis=-1, keepdims=True)


def generalized_matrix_factorization_beside_a_network(inputs: Tensors) -> Any:
    product = layers.Multiply()([layers.Dense(6)(inputs[0]), layers.Dense(6)(inputs[2])])
    hidden = layers.Dense(8, activation="relu")(layers.Concatenate()(inputs))
    return layers.Dense(1, activation="sigmoid")(layers.Concatenate()([product, hidden]))


def average_of_networks(inputs: Tensors) -> Any:
    x = layers.Concatenate()(inputs)
    heads = [layers.Dense(1)(layers.Dense(n, activation="relu")(x)) for n in (5, 7)]
    return layers.Activation("sigmoid")(layers.Average()(heads))


def piecewise_linear_units(inputs: Tensors) -> Any:
    x = layers.Concatenate()(inputs)
    parts = [
        layers.Dense(3, activation=name)(x)
        for name in ("relu6", "leaky_relu", "hard_sigmoid", "hard_tanh")
    ]
    parts += [layers.PReLU()(layers.Dense(3)(x)), ops.abs(layers.Dense(3)(x))]
    parts += [layers.ReLU(max_value=0.5, negative_slope=0.2)(layers.Dense(3)(x))]
    parts += [layers.Maximum()([layers.Dense(3)(x), layers.Dense(3)(x)])]
    parts += [layers.Minimum()([layers.Dense(3)(x), layers.Dense(3)(x)])]
    return layers.Dense(1, activation="sigmoid")(layers.Concatenate()(parts))


def activated_concatenation(inputs: Tensors) -> Any:
    x = layers.Activation("tanh")(layers.BatchNormalization()(layers.Concatenate()(inputs)))
    return layers.Dense(1, activation="sigmoid")(layers.Dense(8, activation="relu")(x))


def masked_sequence_on_one_side(inputs: Tensors) -> Any:
    steps = layers.Masking(0.0)(layers.Reshape((4, 3))(inputs[1]))
    user = layers.Concatenate()([inputs[0], layers.LSTM(5)(steps)])
    item = layers.Flatten()(layers.Conv1D(2, 3)(layers.Reshape((12, 1))(inputs[2])))
    return layers.Dense(1)(layers.Dense(8, "relu")(layers.Concatenate()([item, user])))


def statistics_of_the_training_data(inputs: Tensors) -> Any:
    x = layers.Concatenate()(inputs)
    x = layers.Normalization(mean=0.1, variance=2.0)(x)
    return layers.Dense(1)(layers.Dense(8, "relu")(layers.Normalization(None, 0.2, 3.0)(x)))


def shared_dense(inputs: Tensors) -> Any:
    shared = layers.Dense(6, activation="relu")
    parts = [shared(inputs[0]), shared(inputs[1]), shared(inputs[2]), inputs[3]]
    joint = layers.Dense(5)
    first = joint(layers.Concatenate()(parts[:3]))
    second = joint(layers.Concatenate()([parts[2], parts[1], parts[0]]))
    x = layers.ReLU()(layers.Subtract()([first, second]))
    return layers.Dense(1, activation="sigmoid")(layers.Concatenate()([x, parts[3]]))


def nested_models(inputs: Tensors) -> Any:
    tower = keras.Sequential([keras.Input((12,)), layers.Dense(6, "relu"), layers.Dropout(0.1)])
    inner = [keras.Input((6,)), keras.Input((6,)), keras.Input((1,))]
    joined = layers.Dense(8, "relu")(layers.Concatenate()([inner[2], inner[0], inner[1]]))
    merge = keras.Model(inner, layers.Dense(1)(joined))
    x = merge([tower(inputs[0]), tower(inputs[2]), inputs[3]])
    return layers.Activation("sigmoid")(layers.Add()([x, layers.Dense(1)(inputs[1])]))


def sliced_and_computed_by_hand(inputs: Tensors) -> Any:
    x = layers.Concatenate()(inputs)
    parts = x[:, 5:20] * 2.0 - 0.5
    mean = ops.mean(-x / 3.0, axis=-1, keepdims=True)
    return layers.Dense(1)(layers.Dense(8, "relu")(ops.concatenate([parts, mean], axis=-1)))


def factorization_machine(inputs: Tensors) -> Any:
    x = layers.Concatenate()(inputs)
    squared_sum = ops.square(layers.Dense(4)(x))
    pairs = ops.sum(squared_sum, axis=-1, keepdims=True)
    return layers.Activation("sigmoid")(0.5 * pairs + layers.Dense(1)(x))


ADDITIVE: dict[str, tuple[Build, int, int]] = {
    build.__name__: (build, n_relu, n_product)
    for build, n_relu, n_product in (
        (nested_concatenations, 8, 0),
        (normalized_concatenation, 8, 0),
        (rescaled_and_noisy, 8, 0),
        (towers_before_the_merge, 8, 0),
        (dot_of_towers, 0, 8),
        (cosine_of_towers, 0, 8),
        (multiplied_and_summed, 0, 12),
        (wide_and_deep, 8, 12),
        (generalized_matrix_factorization_beside_a_network, 8, 6),
        (average_of_networks, 12, 0),
        (piecewise_linear_units, 39, 0),
        (activated_concatenation, 8, 0),
        (masked_sequence_on_one_side, 8, 0),
        (statistics_of_the_training_data, 8, 0),
        (shared_dense, 5, 0),
        (nested_models, 8, 0),
        (sliced_and_computed_by_hand, 8, 0),
        (factorization_machine, 0, 8),
    )
}


@pytest.mark.parametrize("name", ADDITIVE)
def test_an_additive_network_agrees_with_predict_and_takes_the_fast_form(name: str) -> None:
    build, n_relu, n_product = ADDITIVE[name]
    head = assert_agrees(model_of(build)).head
    assert head.program is None
    assert (head.n_relu, head.n_product) == (n_relu, n_product)
