"""Networks that read affinities, in the shapes in which a trained ranker comes."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np

from recsys.artifacts import replacing

NAMES = ("user_review", "user_item", "item_desc", "item_price", "affinity", "user_profile")


def ranker(widths: tuple[int, ...], seed: int = 0, n_heads: int = 3, hidden: int = 6) -> Any:
    """A mean of heads, each a linear skip beside Dense(relu), Dense, over all inputs.

    Args:
        widths: Of the five or six inputs, in their order.
        seed: Chooses the weights and how the network ends.
        n_heads: Networks averaged.
        hidden: Units of each.
    """
    import keras  # costs seconds, and most tests need no model
    from keras import layers

    draw = np.random.default_rng(seed)
    inputs = [keras.Input((width,), name=name) for width, name in zip(widths, NAMES, strict=False)]
    joined = layers.Concatenate()(inputs)
    heads = []
    for _ in range(n_heads):
        units = layers.Dense(hidden, activation="relu")(layers.Dropout(0.2)(joined))
        heads.append(layers.Add()([layers.Dense(1)(joined), layers.Dense(1)(units)]))
    output = layers.Average()(heads) if n_heads > 1 else heads[0]
    if draw.random() < 0.5:
        output = layers.Activation("sigmoid")(output)
    model = keras.Model(inputs, output)
    for weight in model.weights:
        weight.assign(draw.normal(scale=0.6 / np.sqrt(weight.shape[0]), size=weight.shape))
    return model


def save(model: Any, path: Path) -> None:
    """Write a model to its `.keras` file."""
    with replacing(path) as unfinished:
        model.save(unfinished)
