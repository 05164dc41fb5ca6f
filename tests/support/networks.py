"""Networks of four inputs, and whether their splits score like the networks themselves."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import keras
import numpy as np
from keras import layers

from scoring.head.joint import outputs, score
from scoring.split.graph_split import split
from scoring.split.split_model import SplitModel

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


def reference_network(inputs: Tensors) -> Any:
    x = layers.Dropout(0.3)(layers.Concatenate()(inputs))
    x = layers.Dropout(0.3)(layers.Dense(16, activation="relu")(x))
    return layers.Dense(1, activation="sigmoid")(x)


def wide_and_deep(inputs: Tensors) -> Any:
    x = layers.Concatenate()(inputs)
    wide = layers.Dense(1)(x)
    deep = layers.Dense(1)(layers.Dense(8, activation="relu")(x))
    dot = layers.Dot(axes=1)([inputs[1], inputs[2]])
    return layers.Activation("sigmoid")(layers.Add()([wide, deep, dot]))
