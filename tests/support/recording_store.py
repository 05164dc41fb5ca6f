from __future__ import annotations

from pathlib import Path

from classes.errors import ServiceError
from classes.service_counters import ServiceCounters
from classes.snapshot import Snapshot
from classes.snapshot_store import SnapshotStore
from storage.events.store import EventStore


class RecordingStore(SnapshotStore):
    """A store that records its calls, and returns one snapshot or raises one error."""

    def __init__(self, snapshot: Snapshot | None = None, error: ServiceError | None = None) -> None:
        self.counters = ServiceCounters()
        self.events = EventStore(Path("no_such_folder"))
        self.calls: list[object] = []
        self.snapshot = snapshot
        self.error = error

    def current(self) -> Snapshot:
        return self._outcome()

    def reload(self, *, data: bool, model: bool) -> Snapshot:
        self.calls.append({"data": data, "model": model})
        return self._outcome()

    def rollback(self) -> Snapshot:
        self.calls.append("rollback")
        return self._outcome()

    def _outcome(self) -> Snapshot:
        if self.error is not None:
            raise self.error
        assert self.snapshot is not None
        return self.snapshot
