"""The rules of a store that services of several machines share."""

from __future__ import annotations

import json
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

from classes.errors import ReloadBusyError, ReloadFailedError
from classes.rules.document import RuleDocument
from classes.rules.parsing import RuleError
from storage.remote.client import StoreError
from storage.remote.object_store import ObjectMovedError, ObjectStore
from storage.remote.rules import RemoteRules, SharedRules, name_of
from storage.rules.folder import FIRST, RulesFolder, RulesPointer

_HOUR_S: Final = 3_600


class SharedRulesFolder(RulesFolder):
    """A machine's copy of the store's rules, which are changed there first and then here.

    Where the store has none, those of this machine hold, and its next change publishes them.
    """

    def __init__(self, root: Path, url: str, keep_hours: int) -> None:
        """Name the machine's folder and the store; no request is sent yet.

        Raises:
            StoreError: obstore isn't installed, or the URL has an unknown option.
        """
        super().__init__(root)
        self._remote = RemoteRules(ObjectStore(url))
        self._keep_s = keep_hours * _HOUR_S
        self._seen: SharedRules | None = None
        self._taken: SharedRules | None = None  # the pointer whose documents are all here

    def follow(self) -> str:
        """Put the store's rules in force here; return why they can't be, "" if they are.

        Raises:
            StoreError: The store can't be reached, or its pointer makes no sense.
            OSError: The folder can't be written.
        """
        self._seen = self._remote.look(self._seen)
        if self._seen is None or self._is_here(self._seen):
            return ""
        with super().locked() as is_held:
            return self._take_over() if is_held else ""

    def pointer(self) -> RulesPointer | None:
        """Return what the store's pointer says; where it has none, what the one here does."""
        return super().pointer() if self._seen is None else self._seen.pointer

    @contextmanager
    def locked(self) -> Iterator[bool]:
        """Hold the lock on changes here, once the store's rules are here.

        Yields:
            Whether it is held: not if others have kept it for seconds.

        Raises:
            ReloadBusyError: Another machine has changed the rules meanwhile.
            ReloadFailedError: The store can't be used.
            OSError: The folder can't be written.
        """
        try:
            with super().locked() as is_held:
                if is_held:
                    self._take_over()
                yield is_held
        except ObjectMovedError as error:
            raise ReloadBusyError(
                "Another service has changed the rules meanwhile, and yours are not in force. "
                "Read them again, and send your change anew."
            ) from error
        except StoreError as error:
            raise ReloadFailedError(
                f"The rules can't be changed without the store that services share: {error} "
                f"Those in force stay so; try again later."
            ) from error

    def publish(self, content: Any, pointer: RulesPointer) -> None:
        """Write a version, and point to it in the store and here.

        Raises:
            StoreError: As `point_to` says; the version is removed.
            OSError: The folder can't be written.
        """
        try:
            super().publish(content, pointer)
        except StoreError:
            self.path(pointer.version).unlink(missing_ok=True)
            raise

    def point_to(self, pointer: RulesPointer) -> None:
        """Upload what the store lacks, and move its pointer, then the one here.

        Raises:
            ObjectMovedError: Another machine has moved it; nothing has changed.
            StoreError: The store can't be reached, or is full.
            OSError: The pointer here can't be written.
        """
        known = {} if self._seen is None else self._seen.documents
        documents = {version: known[version] for version in pointer.kept if version in known}
        for version in {*pointer.kept} & {*self.versions()}:
            if version == pointer.version or version not in known:
                documents[version] = self._remote.upload(self.content(version))
        history = tuple(each for each in pointer.history if each in {FIRST, *documents})
        pointer = replace(pointer, history=history)
        self._seen = self._remote.move(pointer, documents, self._seen)
        super().point_to(pointer)

    def sweep(self) -> None:
        """Delete what the store's pointer no longer names, once it is old.

        Raises:
            StoreError: The store can't be reached.
        """
        if self._seen is not None:
            self._remote.sweep(set(self._seen.documents.values()), self._keep_s)

    def _is_here(self, shared: SharedRules) -> bool:
        version = shared.pointer.version
        return (
            shared is self._taken
            and super().pointer() == shared.pointer
            and (version == FIRST or self.path(version).exists())
        )

    def _take_over(self) -> str:
        """Copy what the store has, under the lock, so that no change here is taken back."""
        shared = self._seen = self._remote.look(self._seen)
        if shared is None:
            return ""
        pointer, is_new, faults = shared.pointer, False, dict[int, str]()
        for version, name in shared.documents.items():
            try:
                is_new |= self._obtain(version, name)
            except (ValueError, RuleError, RecursionError) as error:
                faults[version] = str(error)
        if pointer.version in faults:
            return faults[pointer.version]
        if is_new or super().pointer() != pointer:
            super().point_to(pointer)
            self.remove_all_but(pointer.kept)
        self._taken = shared
        return ""

    def _obtain(self, version: int, name: str) -> bool:
        """Fetch the document of a version, once it is known to be valid, unless it is here.

        Raises:
            ValueError: It is missing or altered.
            RuleError: It isn't a document of that version that this service understands.
        """
        if self.path(version).exists() and name_of(self.content(version)) == name:
            return False
        content = self._remote.fetch(name)
        RuleDocument.from_json(json.loads(content), version)
        self.put(version, content)
        return True
