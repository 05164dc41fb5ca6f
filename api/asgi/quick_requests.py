"""Which requests are answered within about a millisecond."""

from __future__ import annotations

from typing import Final

from api.routes.health import LIVE_PATH, READY_PATH
from api.routes.recommendations import PATH as RECOMMENDATIONS
from classes.errors import ServiceError
from classes.snapshot_store import SnapshotStore

_MOST_QUERY_BYTES: Final = 300
_SLOW: Final = (b",", b"%2C", b"%2c", b"history=", b"offset=", b"max_per_category=")
"""More users than one, visitors, whose network may have to be loaded first, and long rankings."""


class QuickRequests:
    """Recognizes requests that need no thread of their own."""

    def __init__(self, store: SnapshotStore) -> None:
        """Take the snapshots, whose engine decides."""
        self._store = store

    def __call__(self, method: str, path: str, query: bytes) -> bool:
        """Return whether a request, by its raw query, is answered in the event loop."""
        if path == RECOMMENDATIONS:
            return (
                method == "GET"
                and len(query) <= _MOST_QUERY_BYTES
                and query.count(b"users=") == 1
                and not any(part in query for part in _SLOW)
                and self._engine_is_fast()
            )
        return path in (LIVE_PATH, READY_PATH)

    def _engine_is_fast(self) -> bool:
        try:
            return self._store.current().model.slow_reason is None
        except ServiceError:
            return False
