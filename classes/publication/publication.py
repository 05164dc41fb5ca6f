"""Publishes generations: by the local pointer, and where machines share a store, by its pointer."""

from __future__ import annotations

from typing import Protocol

from classes.publication.shared import SharedPublication
from config import Config
from storage.pointer import Pointer
from storage.snapshot_folder import SnapshotFolder


class Publication(Protocol):
    """Decides which generation serves."""

    def base(self) -> Pointer | None:
        """Return what serves now, for a successor to be built from."""

    def obtain(self, generation: str) -> None:
        """Bring a generation that is published or kept to this machine, if it is elsewhere."""

    def publish(self, pointer: Pointer) -> None:
        """Let a successor of the base serve."""


class LocalPublication:
    """One machine decides for itself."""

    def __init__(self, folder: SnapshotFolder) -> None:
        """Name the folder of the generations."""
        self._folder = folder

    def base(self) -> Pointer | None:
        """Return the pointer."""
        return self._folder.pointer.read()

    def obtain(self, generation: str) -> None:
        """Do nothing: one machine has no other place to fetch it from."""

    def publish(self, pointer: Pointer) -> None:
        """Replace the pointer."""
        self._folder.pointer.replace(pointer)


def open_publication(config: Config, folder: SnapshotFolder) -> Publication:
    """Open what the settings name.

    Raises:
        StoreError: obstore isn't installed, or SNAPSHOT_URL has an unknown option.
    """
    if not config.snapshot_url:
        return LocalPublication(folder)
    return SharedPublication(folder, config.snapshot_url, config.snapshot_keep_hours)
