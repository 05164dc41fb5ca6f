"""The objects that routes answer from, made once and passed to each of them."""

from __future__ import annotations

from dataclasses import dataclass

from classes.jobs.folder import JobFolder
from classes.model_card.files import ModelCards
from classes.snapshot_store import SnapshotStore
from config import Config


@dataclass(frozen=True)
class Service:
    """The parts of the service that routes call.

    Attributes:
        config: The settings.
        store: The published snapshots.
        jobs: The jobs that run beside the service.
        cards: What training and evaluation wrote about the model in service.
    """

    config: Config
    store: SnapshotStore
    jobs: JobFolder
    cards: ModelCards
