"""Copies artifact files from a store to this machine, where a build reads them."""

from __future__ import annotations

import shutil
from collections import defaultdict
from collections.abc import Callable
from pathlib import Path
from typing import Final

from config import Config
from storage.artifacts import CARD_FILE, METRICS_FILE, ArtifactError
from storage.atomic import replacing
from storage.json_file import read_json, write_json
from storage.remote.client import StoreError
from storage.remote.object_store import Listed, ObjectStore
from storage.sources import artifact_paths, data_files

_VERSIONS: Final = ".versions.json"

Versions = dict[str, list[str | int]]
"""What was fetched: e-tag and size of each object."""


def fetch_artifacts(config: Config, say: Callable[[str], None]) -> None:
    """Fetch the artifacts that settings name by URLs, as far as they have changed.

    Raises:
        ArtifactError: They changed while they were fetched.
        StoreError: The store can't be reached, or refuses.
    """
    names: dict[Path, list[str]] = defaultdict(list)
    paths = artifact_paths(config)
    for path in (*data_files(paths), paths.model):
        names[path.parent].append(path.name)
    names[config.model_path] += CARD_FILE, METRICS_FILE
    for folder, url in config.remotes.items():
        if folder in names:
            _mirror(ObjectStore(url), folder, names[folder], say)


def _mirror(store: ObjectStore, folder: Path, names: list[str], say: Callable[[str], None]) -> None:
    """Make the named files and folders of a local folder the same as in the store."""
    found, held = _found(store, names), _held(folder)
    for key in held.keys() - found.keys():
        (folder / key).unlink(missing_ok=True)
    for key, listed in found.items():
        if held.get(key) != _version(listed) or not (folder / key).exists():
            say(f"Fetching {key} from {store.place} …")
            _fetch(store, listed, folder / key)
    if _found(store, names) != found:
        raise ArtifactError(
            f"The files at {store.place} changed while they were fetched; reload when they no "
            f"longer change."
        )
    folder.mkdir(parents=True, exist_ok=True)
    write_json(folder / _VERSIONS, {key: _version(listed) for key, listed in found.items()})


def _found(store: ObjectStore, names: list[str]) -> dict[str, Listed]:
    """List the objects of those names, and those in folders of those names."""
    single = [found for name in names if (found := store.head(name)) is not None]
    parts = [
        listed for name in set(names) - {each.key for each in single} for listed in store.list(name)
    ]
    return {listed.key: listed for listed in (*single, *parts)}


def _held(folder: Path) -> Versions:
    try:
        held: Versions = read_json(folder / _VERSIONS)
    except (OSError, ValueError):
        return {}
    return held


def _version(listed: Listed) -> list[str | int]:
    return [listed.e_tag or str(listed.modified_at), listed.n_bytes]


def _fetch(store: ObjectStore, listed: Listed, path: Path) -> None:
    if path.is_dir():  # one file now where there were parts
        shutil.rmtree(path)
    with replacing(path) as unfinished, unfinished.open("wb") as file:
        try:
            for part in store.download(listed.key, listed.n_bytes):
                file.write(part)
        except FileNotFoundError as error:
            raise StoreError(f"{store.place}/{listed.key} was removed meanwhile.") from error
