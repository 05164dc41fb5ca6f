"""The store of events that the settings name."""

from __future__ import annotations

from config import Config
from storage.events.store import EventStore


def open_events(config: Config) -> EventStore:
    """Name the store; nothing is opened before it is asked."""
    return EventStore(config.events_path, config.events_backlog)
