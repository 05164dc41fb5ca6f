"""Loads the Keras file of a model, and refuses one that can't score this data."""

from __future__ import annotations

import zipfile
from pathlib import Path
from typing import Any, Final

import numpy as np

from scoring.inputs import ModelInputs
from storage.artifacts import ArtifactError

MODEL_FILE = "best_model.keras"
MOST_UNPACKED_BYTES: Final = {"config.json": 16_000_000, "metadata.json": 16_000_000}
MOST_BYTES_OF_WEIGHTS: Final = 1_000_000_000
"""Far above any network that ranks; Keras unpacks all of a part before it looks at it."""
INPUT_ORDER = "user review, user item, item description, price, affinity, user profile"


class ModelMismatchError(ValueError):
    """A model reads inputs of other widths than the data has."""


def load_network(path: Path) -> Any:
    """Load a Keras model for inference.

    Raises:
        ArtifactError: The file is missing, is not a Keras model that can be loaded, holds
            more than a network needs, or doesn't give one finite score per pair.
    """
    _refuse_oversized(path)
    import keras  # costs seconds and 400 MB; a worker never needs it where the model splits

    try:
        network = keras.saving.load_model(path, compile=False)
    except Exception as error:  # Keras raises whatever its parts raise on a damaged file.
        reason = str(error).strip().splitlines() or [type(error).__name__]
        raise ArtifactError(
            f"{path.name} is not a Keras model that can be loaded: {reason[0]}"
        ) from error
    _refuse_what_cannot_score(network, path)
    return network


def _refuse_oversized(path: Path) -> None:
    """Refuse parts that are larger unpacked than any network needs, before Keras reads them."""
    try:
        with zipfile.ZipFile(path) as archive:
            parts = archive.infolist()
    except (OSError, zipfile.BadZipFile):
        return  # Keras says what is wrong with it
    for part in parts:
        limit = MOST_UNPACKED_BYTES.get(part.filename, MOST_BYTES_OF_WEIGHTS)
        if part.file_size > limit:  # zipfile unpacks no more than that, whatever follows
            raise ArtifactError(
                f"{path.name} holds {part.file_size / 1e6:,.0f} MB of {part.filename}; a network "
                f"that ranks has at most {limit / 1e6:,.0f} MB. Train it again "
                f"(python -m pipeline train)."
            )


def _refuse_what_cannot_score(network: Any, path: Path) -> None:
    shapes = [tuple(output.shape[1:]) for output in network.outputs]
    if len(shapes) != 1 or np.prod(shapes[0]) != 1:
        raise ArtifactError(
            f"{path.name} has outputs of shapes {shapes} per pair; expected one output, the score."
        )
    n_bad = sum(int(np.count_nonzero(~np.isfinite(each))) for each in network.get_weights())
    if n_bad:
        raise ArtifactError(
            f"{path.name}: {n_bad:,} weights are NaN or infinite; its training diverged. "
            f"Train it again (python -m pipeline train)."
        )


def check_widths(network: Any, inputs: ModelInputs) -> None:
    """Refuse a network whose inputs don't fit the data.

    Raises:
        ModelMismatchError: The widths differ; the message has both.
    """
    from scoring.split.graph_split import input_widths

    found = tuple(input_widths(network))
    expected = tuple(array.shape[1] for array in inputs.tables)
    if inputs.affinities is not None:
        expected += (inputs.affinities.n_similarities,)
        expected += () if inputs.user_profile is None else (inputs.user_profile.shape[1],)
    elif len(found) > len(expected):
        raise ModelMismatchError(
            f"{MODEL_FILE} reads {len(found)} inputs ({INPUT_ORDER}), but there is no "
            f"item_affinity_df.pq beside the embeddings. Put the one there that was written "
            f"with the model (python -m pipeline train writes both), and reload data and model "
            f"together: POST /reload."
        )
    if found != expected[: max(len(found), len(inputs.tables))]:
        raise ModelMismatchError(
            f"{MODEL_FILE} reads inputs of widths {found}; the data has {expected} "
            f"({INPUT_ORDER}). Train on these embeddings (python -m pipeline train), or "
            f"reload data and model together: POST /reload."
        )
