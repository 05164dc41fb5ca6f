"""The version of the rules in force, for this process and all others."""

from __future__ import annotations

import logging
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from datetime import UTC, datetime
from threading import Lock
from typing import Final

from classes.errors import ReloadBusyError, ReloadConflictError, ReloadFailedError, ServiceError
from classes.publication.programs import Shared
from classes.rules.document import NO_RULES, RuleDocument
from classes.rules.rule import Rule
from storage.rules.folder import FIRST, KEPT_VERSIONS, RulesFolder, RulesPointer
from storage.stamp import Stamp

logger = logging.getLogger(__name__)

LOOK_INTERVAL_S: Final = 0.2

_NEVER_LOOKED: Final = (-1, -1, -1)


class RuleStore:
    """Follows the pointer to the rules, and replaces it.

    One instance per process; every method may be called from any thread. Where the files are
    damaged or gone, the last rules that could be read stay in force.
    """

    def __init__(self, folder: RulesFolder, shared: Shared | None = None) -> None:
        """Remember where the versions lie; nothing is read yet.

        Args:
            folder: This machine's versions.
            shared: Changes them on all machines that share a store, where there is one.
        """
        self._folder = folder
        self._shared = shared
        self._stamp: Stamp | None = _NEVER_LOOKED
        self._document = NO_RULES
        self._is_read = False
        self._warning = ""
        self._look_at = 0.0
        self._reading = Lock()

    @property
    def warning(self) -> str:
        """What is wrong with the files; "" if nothing is."""
        return self._warning

    def current(self) -> RuleDocument:
        """Return the version in force; costs one `stat`, and that at most five times a second."""
        now = time.monotonic()
        if now >= self._look_at:
            self._look_at = now + LOOK_INTERVAL_S
            self.refreshed()
        return self._document

    def refreshed(self) -> RuleDocument:
        """Look at the files now, and return the version in force."""
        stamp = self._folder.stamp()
        if stamp != self._stamp or self._warning:
            with self._reading:
                self._read(stamp)
        return self._document

    def replace(self, rules: Sequence[Rule], version: int | None = None) -> RuleDocument:
        """Put rules in force for all processes, as a new version.

        Args:
            rules: The rules.
            version: The version that they are to replace; None for whichever is in force.

        Raises:
            ReloadConflictError: Another version is in force.
            ReloadBusyError: Others keep changing the rules.
            ReloadFailedError: The files can't be written, or the store can't be reached; the
                rules are as before.
        """
        if self._shared is not None:
            self._shared.replace_rules(rules, version)
            return self.refreshed()
        with self._changing() as (held, pointer):
            if version is not None and version != held.version:
                raise ReloadConflictError(
                    f"Version {held.version} of the rules is in force, not {version}: somebody has "
                    f"changed them since. Read them again, and send your change with that version."
                )
            versions = self._folder.versions()
            newest = max([pointer.newest, held.version, *versions])
            now = datetime.now(UTC).isoformat(timespec="seconds")
            document = RuleDocument(newest + 1, now, tuple(rules))
            older = [each for each in pointer.kept if each in (FIRST, *versions)]
            history = tuple(older[: KEPT_VERSIONS - 1])
            after = RulesPointer(document.version, history, document.version)
            self._folder.publish(document.to_json(), after)
        return self.refreshed()

    def roll_back(self) -> RuleDocument:
        """Return to the version that was in force before this one.

        Raises:
            ReloadConflictError: There is none, or it can't be read.
            ReloadBusyError: Others keep changing the rules.
            ReloadFailedError: The files can't be written, or the store can't be reached; the
                rules are as before.
        """
        if self._shared is not None:
            self._shared.roll_back_rules()
            return self.refreshed()
        with self._changing() as (held, pointer):
            if not pointer.history:
                raise ReloadConflictError(
                    f"There are no rules before version {held.version} to roll back to; "
                    f"PUT /rules replaces them."
                )
            earlier, *older = pointer.history
            self._version(earlier)
            self._folder.point_to(replace(pointer, version=earlier, history=tuple(older)))
        return self.refreshed()

    @contextmanager
    def _changing(self) -> Iterator[tuple[RuleDocument, RulesPointer]]:
        """Hold the lock; yield the version in force and its pointer, made anew if it is gone."""
        try:
            with self._folder.locked() as is_held:
                if not is_held:
                    raise ReloadBusyError("The rules are being changed by others; try again.")
                held, pointer = self.refreshed(), self._folder.pointer()
                yield held, pointer or self._pointer_to(held)
        except OSError as error:
            raise ReloadFailedError(
                f"The rules can't be changed, since SNAPSHOT_PATH can't be written: {error}. "
                f"Those in force stay so."
            ) from error

    def _pointer_to(self, held: RuleDocument) -> RulesPointer:
        """Point to what is in force by the files that are there."""
        versions = self._folder.versions()
        older = [version for version in versions if version < held.version]
        if held.version != FIRST:
            older.append(FIRST)
        return RulesPointer(held.version, tuple(older), max([held.version, *versions]))

    def _read(self, stamp: Stamp | None) -> None:
        """Read what the pointer names, or keep what is held and say why."""
        pointer = self._folder.pointer()
        if pointer is None:
            self._do_without_pointer(stamp)
            return
        try:
            document = self._version(pointer.version)
        except ServiceError as error:
            self._keep(str(error), pointer.history)
            return
        if document.version != self._document.version:
            logger.info("Version %d of the rules is in force", document.version)
        self._document, self._stamp, self._warning = document, stamp, ""
        self._is_read = True

    def _do_without_pointer(self, stamp: Stamp | None) -> None:
        versions = self._folder.versions()
        if stamp is None and not versions and self._document is NO_RULES:
            self._stamp = None  # nobody has written rules yet
            return
        state = "missing" if stamp is None else "damaged"
        self._keep(f"The file SNAPSHOT_PATH/rules/current is {state}.", versions)

    def _keep(self, warning: str, others: Sequence[int]) -> None:
        """Keep what is held; a process that has read nothing takes the newest that it can read."""
        for version in () if self._is_read else others:
            try:
                self._document, self._is_read = self._version(version), True
                break
            except ServiceError:
                continue
        number = self._document.version
        warning = f"{warning} Version {number} of the rules stays in force; PUT /rules writes anew."
        if warning != self._warning:
            logger.warning("%s", warning)
        self._warning = warning

    def _version(self, version: int) -> RuleDocument:
        """Read a version.

        Raises:
            ReloadConflictError: It can't be read, or isn't one.
        """
        if version == FIRST:
            return NO_RULES
        try:
            document = RuleDocument.from_json(self._folder.read(version), version)
        except (OSError, ValueError, ServiceError) as error:
            raise ReloadConflictError(
                f"Version {version} of the rules can't be read: {error}"
            ) from error
        # Equal rules stay one object, by which compiled ones are found. The number alone doesn't say
        # that they are equal: a store may have given it to others before it was followed here.
        return self._document if document == self._document else document
