"""A split model scores like the model itself, and keeps its order where outputs saturate."""

from __future__ import annotations

import itertools
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from scoring.head.joint import describe, score
from scoring.split.agreement import AGREEMENT, check_split
from scoring.split.forms import GraphSplitError
from scoring.split.graph_split import input_widths, split
from tests.support.networks import (
    WIDTHS,
    Tensors,
    assert_agrees,
    disturb,
    inputs_for,
    model_of,
    reference_network,
    wide_and_deep,
)


def test_the_reference_network_becomes_as_many_relu_units_as_it_has_hidden_ones() -> None:
    parts = assert_agrees(model_of(reference_network))
    assert check_split(parts, inputs_for()) <= AGREEMENT
    assert (parts.head.n_relu, parts.head.n_product) == (16, 0)
    assert parts.head.output_activation == "sigmoid"
    assert describe(parts.head) == "16 relu units, exact split"


def test_the_split_of_a_tiny_network_can_be_redone_by_hand() -> None:
    model = model_of(reference_network, (1, 1, 1, 1))
    first, last = model.layers[-3], model.layers[-1]
    kernel = np.zeros((4, 16), np.float32)
    kernel[:, 0] = [1, 2, 3, 4]
    first.set_weights([kernel, np.full(16, 0.5, np.float32)])
    weights = np.zeros((16, 1), np.float32)
    weights[0] = 2
    last.set_weights([weights, np.array([-1], np.float32)])
    parts = split(model)
    user = parts.user_half(np.float32([[10]]), np.float32([[-1]]))
    item = parts.item_half(np.float32([[1], [-9]]), np.float32([[0.25], [0]]))
    assert user[0, 0] == 10 - 2 + 0.5
    assert item[:, 0].tolist() == [3 + 1, -27]
    assert score(parts.head, user, item).tolist() == [[2 * 12.5 - 1, -1]]


@pytest.mark.parametrize("order", list(itertools.permutations(range(4)))[1::5])
def test_the_four_inputs_may_be_concatenated_in_any_order(order: tuple[int, ...]) -> None:
    def build(inputs: Tensors) -> Any:
        x = layers.Concatenate()([inputs[i] for i in order])
        return layers.Dense(1)(layers.Dense(8, activation="relu")(x))

    assert assert_agrees(model_of(build)).head.n_relu == 8


def test_a_network_without_users_ranks_the_same_for_everybody() -> None:
    def build(inputs: Tensors) -> Any:
        unused = 0.0 * ops.sum(inputs[0] + inputs[1], axis=-1, keepdims=True)
        return layers.Dense(1)(layers.Dense(4, "tanh")(layers.Concatenate()(inputs[2:]))) + unused

    parts = assert_agrees(model_of(build))
    assert (parts.head.n_relu, parts.head.n_product) == (0, 0)


@pytest.mark.parametrize("name", ["sigmoid", "tanh", "softplus", "elu", "relu", "hard_sigmoid"])
def test_scores_order_items_like_the_output_whatever_the_last_activation(name: str) -> None:
    def build(inputs: Tensors) -> Any:
        x = layers.Dense(6, "relu")(layers.Concatenate()(inputs))
        return layers.Dense(1, activation=name)(x)

    stripped = assert_agrees(model_of(build)).head.output_activation
    assert stripped == ("linear" if name in ("relu", "hard_sigmoid") else name)


def test_items_that_a_clipped_output_ties_stay_tied() -> None:
    def build(inputs: Tensors) -> Any:
        x = layers.Dense(6, "relu")(layers.Concatenate()(inputs))
        return layers.Dense(1, activation="relu6")(60 * x)

    parts, arrays = split(model_of(build)), inputs_for()
    scores = score(parts.head, parts.user_half(*arrays[:2]), parts.item_half(*arrays[2:]))
    assert set(np.unique(scores)) >= {np.float32(0), np.float32(6)}


def test_a_rating_between_one_and_five_is_shown_as_the_network_puts_it_out() -> None:
    def build(inputs: Tensors) -> Any:
        return layers.Rescaling(4.0, offset=1.0)(reference_network(inputs))

    head = assert_agrees(model_of(build)).head
    assert (head.output_activation, head.output_scale, head.output_shift) == ("sigmoid", 4, 1)


def test_saturated_items_keep_their_order_as_logits() -> None:
    def build(inputs: Tensors) -> Any:
        x = layers.Dense(6, "relu")(layers.Concatenate()(inputs))
        return layers.Dense(1, activation="sigmoid", bias_initializer="ones")(x * 100)

    parts, arrays = split(model_of(build)), inputs_for()
    scores = score(parts.head, parts.user_half(*arrays[:2]), parts.item_half(*arrays[2:]))
    best = np.sort(scores, axis=1)[:, -5:]
    assert (np.diff(best, axis=1) > 0).all()
    assert check_split(parts, arrays) <= AGREEMENT


def test_a_price_without_a_column_axis_counts_as_one_column() -> None:
    inputs = [keras.Input((12,)), keras.Input((12,)), keras.Input((12,)), keras.Input(())]
    price = layers.Reshape((1,))(inputs[3])
    model = keras.Model(inputs, reference_network([*inputs[:3], price]))
    disturb(model)
    assert input_widths(model) == WIDTHS
    assert_agrees(model)


def test_half_precision_weights_are_read_as_float32_and_that_is_said() -> None:
    with_policy = keras.dtype_policies.DTypePolicy("mixed_bfloat16")

    def build(inputs: Tensors) -> Any:
        x = layers.Concatenate(dtype=with_policy)(inputs)
        x = layers.Dense(8, activation="relu", dtype=with_policy)(x)
        return layers.Dense(1, activation="sigmoid", dtype="float32")(x)

    parts = assert_agrees(model_of(build))
    assert "bfloat16" in parts.note


def test_a_model_that_was_saved_and_loaded_splits_alike(tmp_path: Any) -> None:
    model = model_of(wide_and_deep)
    model.save(tmp_path / "best_model.keras")
    loaded = keras.models.load_model(tmp_path / "best_model.keras")
    assert_agrees(loaded)


def test_arrays_that_do_not_fit_the_inputs_are_refused_with_both_widths() -> None:
    parts = split(model_of(reference_network))
    review, item, *_ = inputs_for()
    with pytest.raises(GraphSplitError, match=r"\(6, 11\); the model expects \(6, 12\)"):
        parts.user_half(review, item[:, :11])


def test_check_split_notices_a_head_that_is_wrong() -> None:
    model = model_of(reference_network)
    parts = split(model)
    parts.head.relu_weights[0] += 0.1
    assert check_split(parts, inputs_for()) > 100 * AGREEMENT
