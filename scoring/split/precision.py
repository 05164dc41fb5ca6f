"""Reads models that compute in another precision as float32."""

from __future__ import annotations

from typing import Any

import keras

from scoring.split.forms import GraphSplitError


def as_float32(model: Any) -> tuple[Any, str]:
    """Rebuild a model with the same weights to compute in float32; note what was done.

    In half precision the scores of good items round to the same number; the float32
    reading of the same weights orders them by what the network computes.

    Raises:
        GraphSplitError: The model can't be built again from its own description.
    """
    others = sorted({dtype for dtype in _compute_dtypes(model) if dtype != "float32"})
    if not others:
        return model, ""
    try:
        twin = type(model).from_config(_with_float32(model.get_config()))
        twin.set_weights(model.get_weights())
    except (TypeError, ValueError, NotImplementedError) as error:
        raise GraphSplitError(f"computes in {others}, and can't be rebuilt: {error}") from error
    return twin, f"The weights of a {'/'.join(others)} model are read as float32."


def _compute_dtypes(model: Any) -> set[str]:
    return {
        str(layer.compute_dtype)
        for layer in model._flatten_layers()
        if not isinstance(layer, (keras.Model, keras.layers.InputLayer))
    }


def _with_float32(config: Any) -> Any:
    """Copy a configuration with float32 for every precision policy and dtype."""
    if isinstance(config, dict):
        if str(config.get("class_name", "")).endswith("DTypePolicy"):
            return "float32"
        return {
            key: "float32" if key == "dtype" and isinstance(value, str) else _with_float32(value)
            for key, value in config.items()
        }
    if isinstance(config, (list, tuple)):
        return type(config)(_with_float32(value) for value in config)
    return config
