"""Versions of the rules in an object store, and the pointer to the one in force.

    rules/current             {"version", "history", "newest", "documents"}
    rules/documents/<sha256>  the file of a version, named by the hash of its content

They lie beside the folders of generations, one for each format, since they outlive formats.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections.abc import Collection, Mapping
from dataclasses import asdict, dataclass
from typing import Any, Final

from storage.remote.object_store import ObjectStore, Version
from storage.remote.pointer import RemotePointer
from storage.rules.folder import FIRST, RulesPointer

POINTER: Final = "rules/current"
DOCUMENTS: Final = "rules/documents"

_NAME: Final = re.compile(r"[0-9a-f]{64}")


@dataclass(frozen=True)
class SharedRules:
    """The store's pointer to the rules.

    Attributes:
        pointer: What it says.
        documents: Names of the documents of all versions that it names.
        version: Of the object, by which it can be replaced.
    """

    pointer: RulesPointer
    documents: dict[int, str]
    version: Version


class RemoteRules:
    """Reads and writes the rules below one URL.

    All methods raise `StoreError` where the store can't be reached or refuses.
    """

    def __init__(self, store: ObjectStore) -> None:
        """Name the store; no request is sent yet."""
        self._store = store
        self._pointer = RemotePointer(store, POINTER, _parse)

    def look(self, seen: SharedRules | None) -> SharedRules | None:
        """Read the pointer unless it is still the one seen; None where there is none yet."""
        if seen is not None and not self._pointer.has_moved(seen.version):
            return seen
        return self._pointer.read()

    def move(
        self, pointer: RulesPointer, documents: Mapping[int, str], seen: SharedRules | None
    ) -> SharedRules:
        """Replace the pointer that was seen before.

        Raises:
            ObjectMovedError: It is another one by now.
        """
        content = {**asdict(pointer), "documents": documents}
        version = self._pointer.move(content, seen.version if seen else None)
        return SharedRules(pointer, dict(documents), version)

    def upload(self, content: bytes) -> str:
        """Write a document; return its name."""
        name = name_of(content)
        self._store.upload(f"{DOCUMENTS}/{name}", content)
        return name

    def fetch(self, name: str) -> bytes:
        """Read a document.

        Raises:
            ValueError: It is missing, or isn't the one that it is named by.
        """
        key = f"{DOCUMENTS}/{name}"
        try:
            found = self._store.read(key)
        except FileNotFoundError:
            found = None
        if found is None or name_of(found.content) != name:
            raise ValueError(f"{key} in the store is missing or differs from its hash.")
        return found.content

    def sweep(self, kept: Collection[str], older_than_s: float) -> None:
        """Delete documents that are older than that, except those of the names that are kept."""
        before = time.time() - older_than_s
        stale = [
            found.key
            for found in self._store.list(DOCUMENTS)
            if found.modified_at < before and found.key.rpartition("/")[2] not in kept
        ]
        if stale:
            self._store.delete(stale)


def name_of(content: bytes) -> str:
    """Return the name of a document."""
    return hashlib.sha256(content).hexdigest()


def _parse(content: bytes, version: Version) -> SharedRules:
    read: dict[str, Any] = json.loads(content)
    pointer = RulesPointer.from_json(read)
    documents = {each: read["documents"][str(each)] for each in pointer.kept if each != FIRST}
    if not all(map(_NAME.fullmatch, documents.values())):
        raise ValueError("names of documents are hashes")
    return SharedRules(pointer, documents, version)
