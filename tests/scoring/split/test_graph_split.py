"""A split model scores like the model itself, and what can't be split says so."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers, ops

from scoring.head.joint import outputs, score
from scoring.split.graph_split import (
    AGREEMENT,
    SplitError,
    SplitModel,
    check_split,
    input_widths,
    split,
    split_model,
)

WIDTHS = (12, 12, 12, 1)
N_USERS, N_ITEMS = 6, 60

Tensors = list[Any]
Build = Callable[[Tensors], Any]


def inputs_for(widths: tuple[int, ...] = WIDTHS, seed: int = 3) -> list[np.ndarray]:
    """Random users and items; prices spread like robust-scaled ones."""
    draw = np.random.default_rng(seed)
    rows = (N_USERS, N_USERS, N_ITEMS, N_ITEMS)
    arrays = [
        draw.standard_normal((n, width)).astype(np.float32) / np.float32(np.sqrt(width))
        for n, width in zip(rows, widths, strict=True)
    ]
    arrays[3] *= 2
    return arrays


def model_of(build: Build, widths: tuple[int, ...] = WIDTHS) -> Any:
    """A model from its four inputs, with weights and statistics that are no defaults."""
    inputs = [keras.Input((width,)) for width in widths]
    model = keras.Model(inputs, build(inputs))
    disturb(model)
    return model


def disturb(model: Any, seed: int = 5) -> None:
    """Give every weight a value that a mistake can't hide behind."""
    draw = np.random.default_rng(seed)
    for weight in model.weights:
        if not weight.dtype.startswith("float"):
            continue
        values = 0.4 * draw.standard_normal(weight.shape)
        if "variance" in weight.path:
            values = 0.5 + np.abs(values)
        elif "gamma" in weight.path:
            values = 1 + values
        elif "kernel" in weight.path:
            values = values * 2.5 / np.sqrt(weight.shape[0])
        weight.assign(values)


def predicted(model: Any, arrays: list[np.ndarray]) -> np.ndarray:
    """The model's own outputs for all pairs, (users, items)."""
    users = [np.repeat(array, N_ITEMS, axis=0) for array in arrays[:2]]
    items = [np.tile(array, (N_USERS, 1)) for array in arrays[2:]]
    return model.predict([*users, *items], batch_size=N_USERS * N_ITEMS, verbose=0).reshape(
        N_USERS, N_ITEMS
    )


def assert_agrees(model: Any, widths: tuple[int, ...] = WIDTHS) -> SplitModel:
    """Same scores to 1e-4 as logits, and the same five best items, for all pairs."""
    parts, arrays = split(model), inputs_for(widths)
    scores = score(parts.head, parts.user_half(*arrays[:2]), parts.item_half(*arrays[2:]))
    expected = predicted(parts.reference, arrays)
    assert np.isfinite(expected).all()
    assert np.ptp(expected) > 1e-3
    np.testing.assert_allclose(outputs(parts.head, scores), expected, rtol=1e-5, atol=1e-5)
    if parts.head.output_activation == "sigmoid" and parts.head.output_scale == 1:
        wide = np.clip(expected.astype(np.float64), 0.02, 0.98)
        logits = np.log(wide / (1 - wide))
        told_apart = (expected > 0.02) & (expected < 0.98)
        assert told_apart.mean() > 0.3
        assert np.abs(scores - logits)[told_apart].max() <= 1e-4
    for row, truth in zip(scores, expected, strict=True):
        assert_same_five(row, truth)
    return parts


def assert_same_five(scores: np.ndarray, truth: np.ndarray) -> None:
    """Five best by score are five best by output; only what float32 can't tell may swap."""
    ours = np.argsort(-scores, kind="stable")[:5]
    theirs = np.argsort(-truth, kind="stable")[:5]
    np.testing.assert_allclose(truth[ours], truth[theirs], rtol=1e-6, atol=1e-6)


def seed_network(inputs: Tensors) -> Any:
    x = layers.Dropout(0.3)(layers.Concatenate()(inputs))
    x = layers.Dropout(0.3)(layers.Dense(16, activation="relu")(x))
    return layers.Dense(1, activation="sigmoid")(x)


def test_the_seed_network_becomes_as_many_relu_units_as_it_has_hidden_ones() -> None:
    parts = assert_agrees(model_of(seed_network))
    assert check_split(parts, inputs_for()) <= AGREEMENT
    assert (parts.head.n_relu, parts.head.n_product) == (16, 0)
    assert parts.head.output_activation == "sigmoid"
    assert str(parts) == "16 relu units, exact split"


def test_the_split_of_a_tiny_network_can_be_redone_by_hand() -> None:
    model = model_of(seed_network, (1, 1, 1, 1))
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


def nested_concatenations(inputs: Tensors) -> Any:
    review, item, desc, price = inputs
    mixed = layers.Concatenate()([price, layers.Concatenate()([item, desc])])
    x = layers.Concatenate()([mixed, review, price])
    return layers.Dense(1, activation="sigmoid")(layers.Dense(8, activation="relu")(x))


def normalised_concatenation(inputs: Tensors) -> Any:
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


def wide_and_deep(inputs: Tensors) -> Any:
    x = layers.Concatenate()(inputs)
    wide = layers.Dense(1)(x)
    deep = layers.Dense(1)(layers.Dense(8, activation="relu")(x))
    dot = layers.Dot(axes=1)([inputs[1], inputs[2]])
    return layers.Activation("sigmoid")(layers.Add()([wide, deep, dot]))


def generalised_matrix_factorisation_beside_a_network(inputs: Tensors) -> Any:
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


def factorisation_machine(inputs: Tensors) -> Any:
    x = layers.Concatenate()(inputs)
    squared_sum = ops.square(layers.Dense(4)(x))
    pairs = ops.sum(squared_sum, axis=-1, keepdims=True)
    return layers.Activation("sigmoid")(0.5 * pairs + layers.Dense(1)(x))


ADDITIVE: dict[str, tuple[Build, int, int]] = {
    build.__name__: (build, n_relu, n_product)
    for build, n_relu, n_product in (
        (nested_concatenations, 8, 0),
        (normalised_concatenation, 8, 0),
        (rescaled_and_noisy, 8, 0),
        (towers_before_the_merge, 8, 0),
        (dot_of_towers, 0, 8),
        (cosine_of_towers, 0, 8),
        (multiplied_and_summed, 0, 12),
        (wide_and_deep, 8, 12),
        (generalised_matrix_factorisation_beside_a_network, 8, 6),
        (average_of_networks, 12, 0),
        (piecewise_linear_units, 39, 0),
        (activated_concatenation, 8, 0),
        (masked_sequence_on_one_side, 8, 0),
        (statistics_of_the_training_data, 8, 0),
        (shared_dense, 5, 0),
        (nested_models, 8, 0),
        (sliced_and_computed_by_hand, 8, 0),
        (factorisation_machine, 0, 8),
    )
}


@pytest.mark.parametrize("name", ADDITIVE)
def test_an_additive_network_agrees_with_predict_and_takes_the_fast_form(name: str) -> None:
    build, n_relu, n_product = ADDITIVE[name]
    head = assert_agrees(model_of(build)).head
    assert head.program is None
    assert (head.n_relu, head.n_product) == (n_relu, n_product)


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


def layer_normalised(inputs: Tensors) -> Any:
    x = layers.LayerNormalization()(layers.Dense(8)(layers.Concatenate()(inputs)))
    return layers.Dense(1, activation="sigmoid")(layers.ReLU()(x))


def gated_experts(inputs: Tensors) -> Any:
    x = layers.Concatenate()(inputs)
    gates = layers.Dense(3, activation="softmax")(x)
    experts = layers.Concatenate()([layers.Dense(1)(layers.Dense(4, "relu")(x)) for _ in range(3)])
    return layers.Activation("sigmoid")(layers.Dot(axes=1)([gates, experts]))


def average_of_probabilities(inputs: Tensors) -> Any:
    return layers.Average()([seed_network(inputs), seed_network(inputs)])


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
        layer_normalised,
        gated_experts,
        average_of_probabilities,
        cosine_by_hand,
        hidden_layer_over_a_dot,
    ],
)
def test_a_deeper_network_agrees_with_predict_and_becomes_a_program(build: Build) -> None:
    parts = assert_agrees(model_of(build))
    assert parts.head.program is not None
    assert str(parts).endswith("exact split")


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
        return layers.Rescaling(4.0, offset=1.0)(seed_network(inputs))

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
    model = keras.Model(inputs, seed_network([*inputs[:3], price]))
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
    assert "bfloat16" in str(parts)


def test_a_model_that_was_saved_and_loaded_splits_alike(tmp_path: Any) -> None:
    model = model_of(wide_and_deep)
    model.save(tmp_path / "best_model.keras")
    loaded = keras.models.load_model(tmp_path / "best_model.keras")
    assert_agrees(loaded)


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
    with pytest.raises(SplitError) as refusal:
        split(keras.Model(inputs, build(inputs)))
    assert reason in str(refusal.value)


def test_a_subclassed_model_among_the_layers_is_refused() -> None:
    inputs = [keras.Input((width,)) for width in WIDTHS]
    inner = OwnModel(name="secret")
    model = keras.Model(inputs, layers.Dense(1)(layers.Concatenate()(inner(inputs))))
    with pytest.raises(SplitError, match="OwnModel 'secret'"):
        split(model)


def test_a_quantized_model_is_refused() -> None:
    model = model_of(seed_network)
    model.layers[-1].quantize("int8")
    with pytest.raises(SplitError, match="int8"):
        split(model)


def test_split_model_logs_why_scoring_falls_back(caplog: pytest.LogCaptureFixture) -> None:
    inputs = [keras.Input((width,)) for width in WIDTHS]
    model = keras.Model(inputs, hidden(layers.Lambda(cube))(inputs))
    with caplog.at_level(logging.WARNING):
        assert split_model(model) is None
    assert "Lambda" in caplog.text
    assert "predict" in caplog.text


def test_arrays_that_do_not_fit_the_inputs_are_refused_with_both_widths() -> None:
    parts = split(model_of(seed_network))
    review, item, *_ = inputs_for()
    with pytest.raises(SplitError, match=r"\(6, 11\); the model expects \(6, 12\)"):
        parts.user_half(review, item[:, :11])


def test_check_split_notices_a_head_that_is_wrong() -> None:
    model = model_of(seed_network)
    parts = split(model)
    parts.head.relu_weights[0] += 0.1
    assert check_split(parts, inputs_for()) > 100 * AGREEMENT


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
