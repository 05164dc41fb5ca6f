"""Settings for services on tiny artifacts, each in its own folder."""

from __future__ import annotations

import shutil
from pathlib import Path

from config import Config
from tests.support.process import free_port

N_WORKERS = 3


def config_in(folder: Path, **changes: object) -> Config:
    """Return settings with all folders below `folder`."""
    return Config(
        data_path=folder / "data",
        embeddings_path=folder / "embeddings",
        model_path=folder / "models",
        snapshot_path=folder / "snapshots",
        log_path=folder / "logs",
        **changes,  # type: ignore[arg-type]
    )


def copy_of(published: Config, folder: Path, **changes: object) -> Config:
    """Return settings for a service on a copy of the published snapshot, which starts at once."""
    shutil.copytree(published.snapshot_path.parent, folder, dirs_exist_ok=True, symlinks=True)
    return config_in(folder, **{"port": free_port(), "workers": N_WORKERS, **changes})
