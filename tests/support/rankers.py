"""Networks that read affinities, as a trained ranker comes, and tiny artifacts for them."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd

from recsys import columns
from recsys.features.user_profile import PROFILE_COLUMNS
from recsys.item_similarities import stack_similarities
from storage.affinity_file import write_similarities
from storage.artifacts import ArtifactPaths, write_frame
from storage.atomic import replacing
from tests.support.artifacts import write_tiny_data

N_SIMILARITIES = 3
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


def deep_ranker(widths: tuple[int, ...], seed: int = 0) -> Any:
    """A network with a head that no relu units can express."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(seed)
    inputs = [keras.Input((width,)) for width in widths]
    units = layers.Dense(8, activation="tanh")(layers.Concatenate()(inputs))
    return keras.Model(inputs, layers.Dense(1)(layers.Dense(4, activation="tanh")(units)))


def unsplit_ranker(widths: tuple[int, ...], seed: int = 0) -> Any:
    """A network in which the affinity is bent before anything is added to it."""
    import keras
    from keras import layers

    keras.utils.set_random_seed(seed)
    inputs = [keras.Input((width,)) for width in widths]
    bent = layers.Dense(3, activation="relu")(inputs[4])
    return keras.Model(inputs, layers.Dense(1)(layers.Concatenate()([*inputs, bent])))


def save(model: Any, path: Path) -> None:
    """Write a model to its `.keras` file."""
    with replacing(path) as unfinished:
        model.save(unfinished)


def write_tiny_ranker(
    folder: Path, n_inputs: int = 6, seed: int = 0, **sizes: int
) -> ArtifactPaths:
    """Write a tiny artifact set with affinities, item columns beside the price and a ranker.

    Args:
        folder: Where the folders are made.
        n_inputs: Of the network, 4 to 6.
        seed: Chooses vectors, similarities and weights.
        sizes: `n_users`, `n_items` and `width` of `write_tiny_data`.
    """
    paths = write_tiny_data(folder, seed, **sizes)
    prices = pd.read_parquet(paths.item_price)
    prices[columns.FIVE_STAR_RATE] = np.linspace(0.1, 0.9, len(prices), dtype=np.float32)
    write_frame(prices, paths.item_price)
    write_tiny_affinities(paths, seed)
    width = pd.read_parquet(paths.item_desc).shape[1]
    widths = (width, width, width, 2, N_SIMILARITIES, len(PROFILE_COLUMNS))
    save(ranker(widths[:n_inputs], seed), paths.model)
    return paths


def write_tiny_affinities(paths: ArtifactPaths, seed: int = 0, n_neighbors: int = 4) -> None:
    """Write random similarities over the items of the description file."""
    items = pd.read_parquet(paths.item_desc).index.astype(str)
    draw = np.random.default_rng(seed)
    n_rows = N_SIMILARITIES * len(items)
    similarity, item = np.divmod(np.repeat(np.arange(n_rows), n_neighbors), len(items))
    neighbors = [draw.choice(len(items), n_neighbors, replace=False) for _ in range(n_rows)]
    entries = similarity, item, np.concatenate(neighbors), draw.uniform(0.1, 3.0, len(similarity))
    similarities = stack_similarities(
        ["seq", "cf", "ml"], np.array([0.7, 0.2, 0.15]), entries, len(items)
    )
    write_similarities(similarities, items, paths.item_affinity)
