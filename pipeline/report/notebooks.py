"""Running the notebooks of report/ on artifacts, into files of the caller's choice."""

from __future__ import annotations

import importlib.util
import os
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Final

from config import PROJECT_ROOT, Config
from pipeline.errors import PipelineError

SOURCE: Final = PROJECT_ROOT / "report"
EXPLORATION: Final = "eda.ipynb"
MODELS: Final = "model_selection.ipynb"


def execute(names: Sequence[str], config: Config, folder: Path) -> None:
    """Run notebooks from top to bottom, and write them with their outputs.

    Args:
        names: Names of notebooks in `SOURCE`.
        config: The folders whose artifacts they show.
        folder: Where the executed notebooks are written; `SOURCE` itself to replace them.

    Raises:
        PipelineError: The libraries are not installed, or a notebook failed.
    """
    if importlib.util.find_spec("nbconvert") is None:
        raise PipelineError(
            "the library nbconvert is not installed; `make report` installs what the notebooks "
            "need (or: poetry install --with pipeline,report)."
        )
    command = [sys.executable, "-m", "nbconvert", "--log-level=ERROR", "--to=notebook"]
    folders = config.as_environment() | {"PYTHONPATH": str(PROJECT_ROOT)}
    for name in names:
        where = ["--execute", f"--output-dir={folder}", f"--output={name}", str(SOURCE / name)]
        ended = subprocess.run(
            [*command, *where],
            env=os.environ | folders,
            stderr=subprocess.PIPE,  # its kernel warns of things that are as they should be
            text=True,
            check=False,
        )
        if ended.returncode:
            sys.stderr.write(ended.stderr)
            raise PipelineError(
                f"{name} ended with an error, which is shown above; no copy was written."
            )
