"""The store of events that the settings name."""

from __future__ import annotations

import hashlib
from urllib.parse import urlsplit

from config import Config
from storage.events.postgresql import PostgresqlEvents
from storage.events.store import EventStore


def open_events(config: Config) -> EventStore:
    """Name the store; nothing is opened before it is asked.

    Each database has a copy of its own, so that numbers and keys never mix.
    """
    if not config.events_url:
        return EventStore(config.events_path, config.events_backlog)
    parts = urlsplit(config.events_url)
    place = f"{parts.hostname}:{parts.port}{parts.path}".encode()
    folder = config.events_path / f"copy-{hashlib.sha256(place).hexdigest()[:16]}"
    return EventStore(folder, config.events_backlog, PostgresqlEvents(config.events_url))
