"""What training and evaluation wrote about the model in service."""

from __future__ import annotations

from pathlib import Path
from typing import Any

from classes.snapshot import Snapshot
from config import Config
from storage.artifacts import CARD_FILE, METRICS_FILE, ArtifactError
from storage.json_file import read_json
from storage.sources import artifact_paths, file_hash
from storage.stamp import Stamp, stamp_of


class ModelCards:
    """Finds the card and the metrics of a snapshot's model beside the file it was built from.

    The model file is hashed once for each version of it.
    """

    def __init__(self, config: Config) -> None:
        """Remember where model files are."""
        self._folder = config.model_path
        self._model = artifact_paths(config).model
        self._hashed: tuple[Stamp | None, str] | None = None

    def belong_to(self, snapshot: Snapshot) -> bool:
        """Return whether the model file in place is the one that the snapshot was built from."""
        try:
            return self._hash() == snapshot.manifest.get("model_hash")
        except ArtifactError:
            return False

    def has_card(self, snapshot: Snapshot) -> bool:
        """Return whether a card belongs to the model that a snapshot was built from."""
        return (self._folder / CARD_FILE).exists() and self.belong_to(snapshot)

    def card(self) -> dict[str, Any] | None:
        """Read what training wrote about the model; None if there is nothing."""
        return _read(self._folder / CARD_FILE)

    def metrics(self) -> dict[str, Any] | None:
        """Read what the evaluation wrote; None if there is nothing, or of another model."""
        return metrics_of(self._folder / METRICS_FILE, self._hash())

    def _hash(self) -> str:
        stamp, held = stamp_of(self._model), self._hashed
        if held is None or held[0] != stamp:
            held = self._hashed = (stamp, file_hash(self._model))
        return held[1]


def metrics_of(path: Path, model_hash: str) -> dict[str, Any] | None:
    """Read what the evaluation wrote; None if there is nothing, or of another model.

    Args:
        path: Of `metrics.json`; one that doesn't name its model is taken to be of this one.
        model_hash: Hash of the model file.
    """
    found = _read(path)
    served = (found or {}).get("served")
    measured = served.get("model_hash", model_hash) if isinstance(served, dict) else model_hash
    return found if measured == model_hash else None


def _read(path: Path) -> dict[str, Any] | None:
    try:
        content = read_json(path)
    except (OSError, ValueError):
        return None
    return content if isinstance(content, dict) else None
