"""Copies of artifacts with other interactions, and operators' requests to a service on them."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path
from typing import Final

import pandas as pd
import requests

from benchmarks.http.measure import config_of
from benchmarks.http.reload_trial import Change
from benchmarks.http.service import RunningService
from config import PROJECT_ROOT, Config
from storage.artifacts import ArtifactPaths, write_frame

SAMPLE: Final = PROJECT_ROOT / "data" / "sample"
DATA: Final = "data"
_OTHERS: Final = ("embeddings", "models")
PATIENCE_S: Final = 300
"""A worker on a machine that others load too is slow, but not stuck."""

_TIMEOUT_S: Final = 900


def paths_in(folder: Path) -> ArtifactPaths:
    """Name the artifacts in the folders `data`, `embeddings` and `models` of a folder."""
    return ArtifactPaths.in_folders(*(folder / name for name in (DATA, *_OTHERS)))


def service_config(artifacts: Path, folder: Path, n_workers: int) -> Config:
    """Make the settings of a service on artifacts, with all that it writes in `folder`."""
    return replace(
        config_of(artifacts, ""),
        workers=n_workers,
        snapshot_path=folder / "snapshots",
        log_path=folder / "logs",
        worker_timeout_s=PATIENCE_S,
    )


def write_clean(folder: Path, clean: pd.DataFrame) -> None:
    """Write a frame as the `clean_df.pq` of a folder that is made."""
    folder.mkdir(parents=True)
    write_frame(clean, folder / "clean_df.pq")


def link_others(artifacts: Path, folder: Path) -> None:
    """Let `folder` have the embeddings and the model of other artifacts."""
    for name in _OTHERS:
        (folder / name).symlink_to((artifacts / name).resolve())


def operate(service: RunningService, path: str) -> Change:
    """Send a request of operators without a body, such as a reload, and wait for the response."""
    asked = time.monotonic_ns()
    answer = requests.post(f"http://127.0.0.1:{service.port}{path}", timeout=_TIMEOUT_S)
    answered = time.monotonic_ns()
    answer.raise_for_status()
    return Change(asked, answered, answer.headers["X-Generation"])
