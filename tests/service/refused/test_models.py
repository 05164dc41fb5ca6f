"""Models that must not be served: each is refused with its reason, and nothing changes."""

from __future__ import annotations

import zipfile
from collections.abc import Callable
from typing import Any

import numpy as np
import pytest

from config import Config
from storage.artifacts import ArtifactPaths
from tests.support.artifacts import write_tiny_model
from tests.support.building import build
from tests.support.damages import Damage, cut, state, swap


def model_of(*widths: int) -> Damage:
    return lambda paths: write_tiny_model(paths.model, widths)


def change_model(how: Callable[[Any], Any]) -> Damage:
    """Rewrite the Keras file."""

    def damage(paths: ArtifactPaths) -> None:
        import keras

        how(keras.saving.load_model(paths.model, compile=False)).save(paths.model)

    return damage


def with_nan_weights(network: Any) -> Any:
    network.set_weights([np.full_like(each, np.nan) for each in network.get_weights()])
    return network


def with_one_nan_weight(network: Any) -> Any:
    first, *rest = network.get_weights()
    first[0, 0] = np.nan
    network.set_weights([first, *rest])
    return network


def with_two_outputs(network: Any) -> Any:
    import keras

    hidden = network.layers[-2].output
    return keras.Model(network.inputs, keras.layers.Dense(2)(hidden))


def with_three_inputs(network: Any) -> Any:
    import keras

    inputs = [keras.Input(shape=(8,)) for _ in range(3)]
    return keras.Model(inputs, keras.layers.Dense(1)(keras.layers.Concatenate()(inputs)))


def with_code(network: Any) -> Any:
    import keras

    changed = keras.layers.Lambda(lambda scores: scores + 1)(network.outputs[0])
    return keras.Model(network.inputs, changed)


def archive_without_weights(paths: ArtifactPaths) -> None:
    with zipfile.ZipFile(paths.model) as archive:
        config = archive.read("config.json")
    with zipfile.ZipFile(paths.model, "w") as archive:
        archive.writestr("config.json", config)


def archive_with_padding(paths: ArtifactPaths) -> None:
    """Append 20 MB of spaces to the description, which the archive compresses to 20 kB."""
    with zipfile.ZipFile(paths.model) as archive:
        parts = {name: archive.read(name) for name in archive.namelist()}
    parts["config.json"] += b" " * 20_000_000
    with zipfile.ZipFile(paths.model, "w", zipfile.ZIP_DEFLATED) as archive:
        for name, content in parts.items():
            archive.writestr(name, content)


def other_bytes(paths: ArtifactPaths) -> None:
    """Flip bits in the middle of the weights."""
    content = bytearray(paths.model.read_bytes())
    middle = len(content) // 2
    content[middle : middle + 64] = bytes(255 - byte for byte in content[middle : middle + 64])
    paths.model.write_bytes(content)


MODEL_DAMAGES: dict[str, tuple[Damage, str, str]] = {
    "cut": (cut("model"), "refused", "not a Keras model"),
    "empty": (cut("model", 0.0), "refused", "not a Keras model"),
    "gone": (lambda paths: paths.model.unlink(), "refused", "is missing"),
    "parquet": (swap("model", "clean"), "refused", "not a Keras model"),
    "without weights": (archive_without_weights, "refused", "not a Keras model"),
    "with a bomb of a description": (archive_with_padding, "refused", "20 MB of config.json"),
    "with flipped bits": (other_bytes, "refused", "not a Keras model"),
    "with NaN weights": (change_model(with_nan_weights), "refused", "NaN"),
    "with one NaN weight": (change_model(with_one_nan_weight), "refused", "NaN"),
    "of other widths": (
        model_of(9, 8, 8, 1),
        "conflict",
        "(9, 8, 8, 1); the data has (8, 8, 8, 1)",
    ),
    "of three inputs": (change_model(with_three_inputs), "conflict", "(8, 8, 8)"),
    "with code": (change_model(with_code), "refused", "not a Keras model that can be loaded"),
    "with two outputs": (change_model(with_two_outputs), "refused", "output"),
}


@pytest.mark.parametrize("damage", MODEL_DAMAGES)
def test_a_model_that_cannot_rank_is_refused_with_the_reason_and_nothing_changes(
    damage: str, config: Config, paths: ArtifactPaths
) -> None:
    before = state(config)
    act, expected, words = MODEL_DAMAGES[damage]
    act(paths)
    ending, said = build(config, "model")
    assert (ending, words in said) == (expected, True), said
    assert "best_model.keras" in said
    assert state(config) == before
