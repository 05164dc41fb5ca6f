"""A half that reads the inputs themselves survives its file to the bit, without Keras."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import keras
import numpy as np
import pytest
from keras import layers

from config import PROJECT_ROOT
from scoring.split.graph_split import split
from scoring.split.half_file import load_half, reads_inputs_only, save_half
from storage.array_archive import ArchiveError
from tests.support.rankers import ranker

WIDTHS = (5, 4, 6, 2, 3, 4)


def user_inputs(n_rows: int = 9) -> list[np.ndarray | None]:
    draw = np.random.default_rng(0)
    review, item, profile = (
        draw.standard_normal((n_rows, width)).astype(np.float32) for width in (5, 4, 4)
    )
    return [review, item, None, None, None, profile]


def gated(inputs: list[Any]) -> Any:
    """A user half with functions and products of its own."""
    joined = layers.Concatenate()(inputs)
    units = layers.Dense(3, activation="tanh")(layers.Dense(4, activation="relu")(joined))
    gate = layers.Multiply()([layers.Dense(3)(joined), units])
    return layers.Dense(1)(layers.Add()([gate, units]))


def test_a_half_comes_back_to_the_bit(tmp_path: Path) -> None:
    inputs = [keras.Input((width,)) for width in WIDTHS]
    for model in (ranker(WIDTHS), keras.Model(inputs, gated(inputs))):
        half, path = split(model).user, tmp_path / "user_half.npz"
        assert reads_inputs_only(half)
        save_half(half, path)
        np.testing.assert_array_equal(
            load_half(path).compute(user_inputs()), half.compute(user_inputs())
        )


def test_one_row_is_computed_as_in_a_batch() -> None:
    half, inputs = split(ranker(WIDTHS)).user, user_inputs()
    alone = half.compute([None if given is None else given[4:5] for given in inputs])
    np.testing.assert_array_equal(alone[0], half.compute(inputs)[4])


def test_a_tower_of_layers_needs_keras() -> None:
    inputs = [keras.Input((width,)) for width in WIDTHS[:4]]
    tower = layers.Dense(3, activation="relu")(inputs[0])
    joined = layers.Concatenate()([tower, *inputs])
    units = layers.Dense(3, activation="relu")(joined)
    assert not reads_inputs_only(split(keras.Model(inputs, layers.Dense(1)(units))).user)


def test_a_loaded_half_never_imports_keras(tmp_path: Path) -> None:
    path = tmp_path / "user_half.npz"
    save_half(split(ranker(WIDTHS)).user, path)
    program = (
        "import sys; import numpy as np; from pathlib import Path;"
        "from scoring.split.half_file import load_half;"
        f"half = load_half(Path({str(path)!r}));"
        "ones = lambda width: np.ones((1, width), np.float32);"
        "print(half.compute([ones(5), ones(4), None, None, None, ones(4)]).shape);"
        "print([name for name in ('keras', 'tensorflow') if name in sys.modules])"
    )
    run = subprocess.run(
        [sys.executable, "-c", program],
        cwd=PROJECT_ROOT,
        capture_output=True,
        text=True,
        check=True,
    )
    assert run.stdout.splitlines() == ["(1, 19)", "[]"]


@pytest.mark.parametrize("content", [b"", b"PK nonsense", None])
def test_a_damaged_or_missing_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "user_half.npz"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(ArchiveError, match="is not a readable archive"):
        load_half(path)
