"""Generations in an object store: their files, and the pointer to the one in service.

    format-<n>/current                                       which generation and build serves
    format-<n>/generations/<generation>/<build>/<path>       the files of one build
    format-<n>/generations/<generation>/<build>/listing.json size and hash of each, uploaded last

A build is named by the hash of its listing, so the pointer vouches for every byte below it.
Versions of the service that can't read each other's generations have a folder each, so that
both can serve while one replaces the other.
"""

from __future__ import annotations

import hashlib
import json
import re
import time
from collections import defaultdict
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any, Final

from storage.array_folder import DamagedFolderError
from storage.pointer import Pointer
from storage.remote.client import StoreError
from storage.remote.listing import Listing, decode, encode, is_as_listed
from storage.remote.object_store import Listed, ObjectStore, Version
from storage.remote.pointer import RemotePointer
from storage.sources import FORMAT_VERSION

ROOT: Final = f"format-{FORMAT_VERSION}"
POINTER: Final = f"{ROOT}/current"
GENERATIONS: Final = f"{ROOT}/generations"
LISTING: Final = "listing.json"

_FILES_AT_A_TIME: Final = 4
_NAME: Final = re.compile(r"[0-9a-f]{16,64}")


@dataclass(frozen=True)
class SharedPointer:
    """The store's pointer.

    Attributes:
        pointer: What it says.
        builds: The build of each generation that it names.
        version: Of the object, by which it can be replaced.
    """

    pointer: Pointer
    builds: dict[str, str]
    version: Version


class RemoteSnapshots:
    """Reads and writes the generations below one URL.

    All methods raise `StoreError` where the store can't be reached or refuses.
    """

    def __init__(self, store: ObjectStore) -> None:
        """Name the store; no request is sent yet."""
        self.store = store
        self._pointer = RemotePointer(store, POINTER, _parse_pointer)

    def read(self) -> SharedPointer | None:
        """Read the pointer; None where nothing has been published yet."""
        return self._pointer.read()

    def has_moved(self, seen: SharedPointer) -> bool:
        """Return whether the pointer has been replaced since it was read."""
        return self._pointer.has_moved(seen.version)

    def move(
        self, pointer: Pointer, builds: Mapping[str, str], seen: SharedPointer | None
    ) -> SharedPointer:
        """Replace the pointer that was seen before.

        Raises:
            ObjectMovedError: It is another one by now.
        """
        kept = {name: builds[name] for name in pointer.kept if name in builds}
        content = {**asdict(pointer), "builds": kept}
        version = self._pointer.move(content, seen.version if seen else None)
        return SharedPointer(pointer, kept, version)

    def listing(self, generation: str, build: str) -> Listing:
        """Read the listing of a build.

        Raises:
            DamagedFolderError: It is missing, or isn't the one that the build is named by.
        """
        key = f"{_folder(generation, build)}/{LISTING}"
        try:
            found = self.store.read(key)
        except FileNotFoundError:
            found = None
        if found is None or hashlib.sha256(found.content).hexdigest() != build:
            raise DamagedFolderError(f"{key} in the store is missing or differs from its hash.")
        return decode(found.content)

    def upload(
        self, generation: str, files: Mapping[str, Path], listing: Listing, *, anew: bool
    ) -> str:
        """Upload what the store lacks of a build, the listing last; return the build's name.

        Args:
            generation: Its generation.
            files: Where each file is.
            listing: Size and hash of each file.
            anew: Whether to upload what is there in the same size too, which mends it.
        """
        content = encode(listing)
        build = hashlib.sha256(content).hexdigest()
        folder = _folder(generation, build)
        found = [] if anew else self.store.list(folder)
        present = {each.key: each.n_bytes for each in found}
        wanted = {f"{folder}/{path}": entry.n_bytes for path, entry in listing.items()}
        lacking = [key for key, size in wanted.items() if present.get(key) != size]
        _at_a_time(
            lambda key: self.store.upload(key, files[key.removeprefix(f"{folder}/")]), lacking
        )
        self.store.upload(f"{folder}/{LISTING}", content)
        return build

    def fetch(
        self,
        generation: str,
        build: str,
        listing: Listing,
        folder: Path,
        go_on: Callable[[], bool],
    ) -> None:
        """Download those files of a build that a folder lacks, and check all of them.

        Args:
            generation: Its generation.
            build: Its name.
            listing: Its listing.
            folder: Where the files go; what is there already, whole, isn't fetched again.
            go_on: Asked between parts of files whether to.

        Raises:
            DamagedFolderError: A file is missing in the store, or differs from the listing.
            StoreError: Also where it was told not to go on.
        """
        remote = _folder(generation, build)

        def fetch(path: str) -> None:
            target, entry = folder / path, listing[path]
            if not is_as_listed(target, entry):
                self._download(f"{remote}/{path}", target, entry.n_bytes, go_on)
            if not is_as_listed(target, entry):
                target.unlink()
                raise DamagedFolderError(f"{remote}/{path} in the store differs from its hash.")

        _at_a_time(fetch, list(listing))

    def _download(self, key: str, target: Path, n_bytes: int, go_on: Callable[[], bool]) -> None:
        target.parent.mkdir(parents=True, exist_ok=True)
        target.unlink(missing_ok=True)  # it may be a link to a file of another generation
        try:
            with target.open("wb") as file:
                for part in self.store.download(key, n_bytes):
                    file.write(part)
                    if not go_on():
                        raise StoreError("The service is about to stop.")
        except FileNotFoundError as error:
            raise DamagedFolderError(f"{key} is missing in the store.") from error

    def sweep(self, kept: Mapping[str, str], older_than_s: float) -> list[str]:
        """Delete builds of which nothing was written lately; return their folders.

        Args:
            kept: Builds that stay whatever their age, by generation.
            older_than_s: Age of the newest file from which on the others go.
        """
        builds: dict[str, list[Listed]] = defaultdict(list)
        for found in self.store.list(GENERATIONS):
            generation, build = found.key.removeprefix(f"{GENERATIONS}/").split("/")[:2]
            builds[_folder(generation, build)].append(found)
        before = time.time() - older_than_s
        stale = [
            folder
            for folder, files in builds.items()
            if max(file.modified_at for file in files) < before
        ]
        swept = sorted(set(stale) - {_folder(*each) for each in kept.items()})
        for folder in swept:
            keys = [found.key for found in builds[folder]]
            self.store.delete(sorted(keys, key=lambda key: not key.endswith(LISTING)))
        return swept


def _folder(generation: str, build: str) -> str:
    return f"{GENERATIONS}/{generation}/{build}"


def _parse_pointer(content: bytes, version: Version) -> SharedPointer:
    read: dict[str, Any] = json.loads(content)
    pointer = Pointer(read["generation"], tuple(read["history"]), read["sources"])
    builds: dict[str, str] = dict(read["builds"])
    if not all(map(_NAME.fullmatch, (*pointer.kept, *builds, *builds.values()))):
        raise ValueError("names of generations and builds are hashes")
    if pointer.generation not in builds:
        raise ValueError("it doesn't name the build of its generation")
    return SharedPointer(pointer, builds, version)


def _at_a_time(act: Callable[[str], None], each: list[str]) -> None:
    """Do something for each, several at a time; the first error ends it."""
    with ThreadPoolExecutor(_FILES_AT_A_TIME) as pool:
        futures = [pool.submit(act, one) for one in each]
        try:
            for future in futures:
                future.result()
        except BaseException:
            pool.shutdown(cancel_futures=True)
            raise
