"""What the routes answer from, made once and handed to each of them."""

from __future__ import annotations

from dataclasses import dataclass

from classes.job_folder import JobFolder
from classes.snapshot_store import SnapshotStore
from config import Config


@dataclass(frozen=True)
class Service:
    """The parts of one service that routes call.

    Attributes:
        config: The settings.
        store: The published generations.
        jobs: What runs beside the service.
    """

    config: Config
    store: SnapshotStore
    jobs: JobFolder
