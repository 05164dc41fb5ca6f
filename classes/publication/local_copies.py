"""This machine's copies of generations in a store."""

from __future__ import annotations

import os
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Final

from classes.top_lists import DONE_FILE, ROWS_FILE, TopLists
from storage.array_folder import DamagedFolderError, read_manifest
from storage.file_lock import hold_lock
from storage.remote.listing import Listing, entry_of, is_as_listed, listing_of, manifests_in
from storage.remote.snapshots import RemoteSnapshots
from storage.snapshot_folder import PARTS, SnapshotFolder, read_about

_LISTS: Final = "top_lists"
_LOCK: Final = "fetching.lock"
_UNFINISHED: Final = "fetching-"


class LocalCopies:
    """Fetches generations from a store into the folder of this machine's generations.

    What a fetch that was interrupted has left is used by the next one.
    """

    def __init__(self, folder: SnapshotFolder, remote: RemoteSnapshots) -> None:
        """Name the folder and the store."""
        self._folder = folder
        self._remote = remote

    def obtain(
        self,
        generation: str,
        build: str,
        go_on: Callable[[], bool] = lambda: True,
        *,
        thorough: bool = False,
    ) -> None:
        """Fetch a build of a generation, unless it is here.

        Args:
            generation: Its generation.
            build: Its name.
            go_on: Asked between parts of files whether to.
            thorough: Whether to check each file that is here already.

        Raises:
            DamagedFolderError: The store's copy is incomplete, altered, or of another format.
            StoreError: The store can't be reached, or `go_on` said no.
        """
        listing = self._remote.listing(generation, build)
        with hold_lock(self._folder.root / _LOCK):
            if self.are_of(generation, listing, thorough=thorough):
                self._provide_lists(generation)
                return
            unfinished = self._folder.root / f"{_UNFINISHED}{build[:16]}"
            unfinished.mkdir(parents=True, exist_ok=True)
            self._link_what_is_here(listing, unfinished)
            self._remote.fetch(generation, build, listing, unfinished, go_on)
            read_about(unfinished)
            self._put_in_place(unfinished, generation)

    def are_of(self, generation: str, listing: Listing, *, thorough: bool = False) -> bool:
        """Return whether the generation's files here are the listed ones.

        Unless `thorough`, only manifests are compared, and all other files are there.
        """
        folder = self._folder.generation(generation)
        files = listing if thorough else manifests_in(listing)
        return not self._folder.missing(generation) and all(
            is_as_listed(folder / path, entry)
            for path, entry in files.items()
            if not path.startswith(_LISTS)
        )

    def described(self, generation: str) -> tuple[dict[str, Path], Listing]:
        """Return where a generation's files are and a listing of them, with finished top lists."""
        folder, lists = self._folder.generation(generation), self._folder.top_lists(generation)
        listing = listing_of(folder)
        files = {path: folder / path for path in listing}
        if TopLists.open(lists).progress == 1.0:
            for name in (ROWS_FILE, DONE_FILE):
                files[f"{_LISTS}/{name}"] = lists / name
                listing[f"{_LISTS}/{name}"] = entry_of(lists / name)
        return files, listing

    def _link_what_is_here(self, listing: Listing, unfinished: Path) -> None:
        """Link files that earlier generations share; they are checked like the others."""
        here = self._files_by_hash()
        for path, entry in listing.items():
            target, source = unfinished / path, here.get(entry.sha256)
            if source is not None and not target.exists() and not path.startswith(_LISTS):
                target.parent.mkdir(exist_ok=True)
                os.link(source, target)

    def _files_by_hash(self) -> dict[str, Path]:
        found: dict[str, Path] = {}
        for generation in self._folder.generation("").glob("*"):
            for part in PARTS:
                try:
                    files = read_manifest(generation / part)["files"]
                except DamagedFolderError:
                    continue
                paths = {file["sha256"]: generation / part / name for name, file in files.items()}
                found |= {sha256: path for sha256, path in paths.items() if path.exists()}
        return found

    def _put_in_place(self, unfinished: Path, generation: str) -> None:
        """Move what was fetched to its place, and what was there out of the way."""
        fetched, lists = unfinished / _LISTS, self._folder.top_lists(generation)
        if fetched.is_dir():
            shutil.rmtree(lists, ignore_errors=True)
            lists.parent.mkdir(parents=True, exist_ok=True)
            fetched.replace(lists)
        folder, aside = self._folder.generation(generation), unfinished.with_suffix(".old")
        folder.parent.mkdir(parents=True, exist_ok=True)
        if folder.exists():
            shutil.rmtree(aside, ignore_errors=True)
            folder.replace(aside)
        unfinished.replace(folder)
        self._provide_lists(generation)
        for debris in self._folder.root.glob(f"{_UNFINISHED}*"):
            shutil.rmtree(debris, ignore_errors=True)

    def _provide_lists(self, generation: str) -> None:
        """Start the top lists, unless they were fetched or are here already."""
        manifest = read_manifest(self._folder.generation(generation))
        TopLists.create(self._folder.top_lists(generation), manifest["n_users"])
