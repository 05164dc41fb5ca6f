"""Where the files of the service are."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated

from settings.setting import PROJECT_ROOT, Setting


@dataclass(frozen=True)
class FileSettings:
    """Where the files of the service are."""

    data_path: Annotated[
        Path, Setting("DATA_PATH", "Folder or URL of `clean_df.pq` and the raw reviews.")
    ] = PROJECT_ROOT / "data"
    embeddings_path: Annotated[
        Path, Setting("EMBEDDINGS_PATH", "Folder or URL of the four embedding files.")
    ] = PROJECT_ROOT / "embeddings"
    model_path: Annotated[Path, Setting("MODEL_PATH", "Folder or URL of `best_model.keras`.")] = (
        PROJECT_ROOT / "models"
    )
    snapshot_path: Annotated[
        Path,
        Setting(
            "SNAPSHOT_PATH",
            "Folder of the published snapshots of data and model, shared by all workers.",
        ),
    ] = PROJECT_ROOT / "snapshots"
    snapshot_url: Annotated[
        str,
        Setting(
            "SNAPSHOT_URL",
            "Place in an object store where the services of several machines share snapshots and "
            "rules, such as `s3://bucket/prefix`; `SNAPSHOT_PATH` is then this machine's cache of it.",
        ),
    ] = field(default="", repr=False)  # its options may hold secrets
    snapshot_poll_s: Annotated[
        int,
        Setting(
            "SNAPSHOT_POLL_S",
            "Seconds between two looks at the pointers in `SNAPSHOT_URL`.",
            1,
            3_600,
        ),
    ] = 2
    snapshot_keep_hours: Annotated[
        int,
        Setting(
            "SNAPSHOT_KEEP_HOURS",
            "Hours for which generations and rules stay in `SNAPSHOT_URL` that neither serve nor are "
            "kept for a rollback.",
            1,
            100_000,
        ),
    ] = 24
