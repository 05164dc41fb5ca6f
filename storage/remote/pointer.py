"""A pointer in an object store: one small object, replaced whole, by a conditional write."""

from __future__ import annotations

import json
import time
from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar

from storage.remote.client import StoreError
from storage.remote.object_store import ObjectStore, Version

Parsed = TypeVar("Parsed")


class RemotePointer(Generic[Parsed]):
    """Reads and moves one pointer; a reader sees the old one or the new one.

    All methods raise `StoreError` where the store can't be reached or refuses.
    """

    def __init__(
        self, store: ObjectStore, key: str, parse: Callable[[bytes, Version], Parsed]
    ) -> None:
        """Name the object, and how its content is read; no request is sent yet."""
        self._store = store
        self._key = key
        self._parse = parse

    def read(self) -> Parsed | None:
        """Read the pointer; None where nothing has been published yet."""
        try:
            found = self._store.read(self._key)
        except FileNotFoundError:
            return None
        if found is None:
            return None
        try:
            return self._parse(found.content, found.version)
        except (ValueError, KeyError, TypeError, AttributeError) as error:
            raise StoreError(
                f"{self._store.place}/{self._key} isn't a pointer that this version of the "
                f"service understands."
            ) from error

    def has_moved(self, seen: Version) -> bool:
        """Return whether the pointer has been replaced since that version was read."""
        try:
            return self._store.read(self._key, unless=seen) is not None
        except FileNotFoundError:
            return True

    def move(self, content: Mapping[str, Any], seen: Version | None) -> Version:
        """Replace the version that was seen before; None where there must be none.

        Raises:
            ObjectMovedError: It is another one by now.
        """
        # The time makes each version differ, so that none is mistaken for an earlier one.
        stamped = json.dumps({**content, "moved_at": time.time()})
        return self._store.replace(self._key, stamped.encode(), seen)
