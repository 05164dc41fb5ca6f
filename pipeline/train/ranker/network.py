"""The head of the ranker as a Keras model in the form that the service reads."""

from __future__ import annotations

from typing import Any, Final

import keras
import numpy as np

from pipeline.train.ranker.head import RankerHead
from recsys.columns import MODEL_INPUTS

N_TEXT_INPUTS: Final = 3
"""The first inputs, embeddings of texts, which the ranker takes and doesn't use: what they
say about a pair is in the affinities."""


def build_ranker(
    head: RankerHead, text_widths: tuple[int, int, int], widths: tuple[int, int, int]
) -> Any:
    """Build the network: linear and any hidden units side by side over one concatenation.

    Args:
        head: The weights; its inputs are the price's columns after the first, affinities and
            profile.
        text_widths: Numbers of columns of user review, user item and item description.
        widths: Numbers of columns of price, affinity and profile, `len(head.linear) + 1` in all.

    Returns:
        A `keras.Model` with six inputs and an output (n, 1), a score without bounds.
    """
    inputs = [
        keras.Input(shape=(width,), name=name)
        for name, width in zip(MODEL_INPUTS, (*text_widths, *widths), strict=True)
    ]
    joined = keras.layers.Concatenate(name="pair")(inputs[N_TEXT_INPUTS:])
    linear = keras.layers.Dense(1, use_bias=False, name="linear")
    if not len(head.bias):
        model = keras.Model(inputs, linear(joined), name="ranker")
        linear.set_weights([_after_price(head.linear[:, None])])
        return model
    hidden = keras.layers.Dense(len(head.bias), activation="relu", name="hidden")
    output = keras.layers.Dense(1, use_bias=False, name="output")
    score = keras.layers.Add(name="score")([linear(joined), output(hidden(joined))])
    model = keras.Model(inputs, score, name="ranker")
    linear.set_weights([_after_price(head.linear[:, None])])
    hidden.set_weights([_after_price(head.hidden), head.bias])
    output.set_weights([head.output[:, None]])
    return model


def head_of(network: Any) -> RankerHead:
    """Read the head back from a network with hidden units that `build_ranker` made."""
    (linear,), (hidden, bias), (output,) = (
        network.get_layer(name).get_weights() for name in ("linear", "hidden", "output")
    )
    return RankerHead(linear[1:, 0], hidden[1:], bias, output[:, 0])


def _after_price(weights: np.ndarray[Any, np.dtype[np.float32]]) -> Any:
    """Prepend a row of zeros: the logarithm of the price is used, the imputed price isn't."""
    return np.concatenate([np.zeros_like(weights[:1]), weights])
