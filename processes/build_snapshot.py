"""Builds, checks and publishes one generation: `python -m processes.build_snapshot data model`.

Runs as a process of its own (processes/start_build.py) that holds the build lock. Its
standard output is one JSON object a line: `{"step": …}` while it works, at the end
`{"published": …}` or one of `{"refused": …}`, `{"conflict": …}`, `{"failed": …}`.
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import sys
import tempfile
import time
from collections.abc import Callable, Sequence
from pathlib import Path
from typing import Any

from classes.app_data_processing import AppDataProcessor
from classes.errors import ReloadRefusedError
from classes.model import Model
from classes.snapshot import DATA, INPUTS, MODEL, Snapshot
from classes.top_lists import FOLDER as TOP_LISTS
from classes.top_lists import TopLists
from config import Config
from scoring.compiled_search import prepare_search
from scoring.inputs import ModelInputs
from scoring.keras_file import MODEL_FILE, ModelMismatchError
from storage.array_folder import DamagedFolderError, open_arrays, read_manifest, save_arrays, verify
from storage.artifacts import ArtifactError
from storage.atomic import sync
from storage.pointer import Pointer, PointerFile
from storage.sources import (
    FORMAT_VERSION,
    artifact_paths,
    data_hash,
    file_hash,
    source_fingerprint,
)

N_SHADOW_USERS = 32

Say = Callable[[str], None]


def build_and_publish(
    config: Config, *, data: bool, model: bool, say: Say, publish: bool = True
) -> str:
    """Build what is asked from the files and the rest from the generation in service.

    Returns:
        The name of the generation, which is in service afterwards unless `publish` is False.

    Raises:
        ServiceError: As `build_process.run_builder` says. Nothing has changed then.
    """
    root = config.snapshot_path
    pointer_file = PointerFile(root / "current")
    pointer = pointer_file.read()
    _remove_debris(root)
    serving = root / "generations" / pointer.generation if pointer else None
    data_from, model_from = (None if data else serving), (None if model else serving)
    sources = source_fingerprint(config)
    hashes = {
        "data_hash": _manifest_hash(data_from, "data_hash") or data_hash(config),
        "model_hash": _manifest_hash(model_from, "model_hash")
        or file_hash(artifact_paths(config).model),
    }
    generation = _generation_name(hashes)
    folder = root / "generations" / generation
    if not _is_sound(folder):
        _build(config, folder, data_from, model_from, hashes, say)
    if source_fingerprint(config) != sources:
        raise ReloadRefusedError("The files changed while they were read; reload once they rest.")
    if not publish:
        return generation
    TopLists.create(root / TOP_LISTS / generation, read_manifest(folder)["n_users"])
    successor = (pointer or Pointer(generation)).succeeded_by(generation, sources)
    pointer_file.replace(successor)
    _remove_all_but(successor.kept, root)
    say(f"Published snapshot {generation}.")
    return generation


def _build(
    config: Config,
    folder: Path,
    data_from: Path | None,
    model_from: Path | None,
    hashes: dict[str, str],
    say: Say,
) -> None:
    """Make the folder of a generation beside its final place, check it, and move it there."""
    started = time.time()
    folder.parent.mkdir(parents=True, exist_ok=True)
    unfinished = Path(tempfile.mkdtemp(prefix="building-", dir=config.snapshot_path))
    try:
        for name in (INPUTS, DATA, MODEL):
            (unfinished / name).mkdir()
        processor = _place_data(config, unfinished, data_from, say)
        model = _place_model(config, unfinished, model_from, processor.inputs, say)
        about = {
            "format": FORMAT_VERSION,
            "n_users": processor.n_users,
            "n_items": processor.n_items,
            "engine": model.describe(),
            "data_read_at": _data_read_at(data_from) or started,
            "built_at": started,
            "build_seconds": round(time.time() - started, 3),
            **hashes,
        }
        save_arrays(unfinished, {}, about)
        say("Checking the snapshot on sampled users …")
        _recommend_to_sampled_users(Snapshot.open(unfinished))
        unfinished.chmod(0o755)
        shutil.rmtree(folder, ignore_errors=True)
        unfinished.replace(folder)
        sync(folder.parent)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)


def _place_data(
    config: Config, unfinished: Path, data_from: Path | None, say: Say
) -> AppDataProcessor:
    """Fill inputs/ and data/ from the files, or link them from a generation."""
    if data_from is not None:
        for name in (INPUTS, DATA):
            shutil.copytree(
                data_from / name, unfinished / name, copy_function=os.link, dirs_exist_ok=True
            )
        return AppDataProcessor(open_arrays(unfinished / INPUTS) | open_arrays(unfinished / DATA))
    say("Reading embeddings, prices and interactions …")
    processor = AppDataProcessor.from_artifacts(
        artifact_paths(config), config.cold_start_window_days
    )
    inputs = processor.input_arrays
    rest = {name: array for name, array in processor.arrays.items() if name not in inputs}
    save_arrays(unfinished / INPUTS, inputs, {})
    save_arrays(unfinished / DATA, rest, {})
    say(f"Read {processor.n_users:,} users and {processor.n_items:,} items.")
    return processor


def _place_model(
    config: Config, unfinished: Path, model_from: Path | None, inputs: ModelInputs, say: Say
) -> Model:
    """Copy the Keras file into model/ and precompute there what serving needs of it."""
    folder = unfinished / MODEL
    source = artifact_paths(config).model if model_from is None else model_from / MODEL / MODEL_FILE
    shutil.copyfile(source, folder / MODEL_FILE)
    prepare_search(config.snapshot_path, say)
    say("Loading the model and precomputing its item and user halves …")
    model = Model.from_keras(folder / MODEL_FILE, inputs, say)
    model.save(folder)
    say(f"Scoring engine: {model.describe()}.")
    return model


def _recommend_to_sampled_users(snapshot: Snapshot) -> None:
    """Recommend to some users the way a request does, before anybody's request does."""
    n_users = min(N_SHADOW_USERS, snapshot.data.n_users)
    for user, items in snapshot.recommend(snapshot.data.random_users(n_users)).items():
        if len(set(items)) != len(items):
            raise ReloadRefusedError(f"A sampled user got an item twice: {items} ({len(user)}).")


def _generation_name(hashes: dict[str, str]) -> str:
    key = f"{FORMAT_VERSION} {hashes['data_hash']} {hashes['model_hash']}"
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def _manifest_hash(generation: Path | None, name: str) -> str | None:
    """Read a hash from the manifest of a generation, if one is given."""
    return None if generation is None else str(read_manifest(generation)[name])


def _data_read_at(generation: Path | None) -> float | None:
    """Tell when the data of a generation was read from its files, if that is on record."""
    return None if generation is None else read_manifest(generation).get("data_read_at")


def _is_sound(folder: Path) -> bool:
    try:
        verify(folder)
        for part in (INPUTS, DATA, MODEL):
            verify(folder / part)
    except DamagedFolderError:
        return False
    return True


def _remove_debris(root: Path) -> None:
    """Clear away what a killed build has left; the lock says that no other build runs."""
    for path in root.glob("building-*"):
        shutil.rmtree(path, ignore_errors=True)
    for path in root.glob(".current-*"):  # a pointer that was never moved to its place
        path.unlink(missing_ok=True)


def _remove_all_but(kept: Sequence[str], root: Path) -> None:
    """Keep the generation in service and those to roll back to."""
    for folder in ("generations", TOP_LISTS):
        for path in (root / folder).iterdir():
            if path.name not in kept:
                shutil.rmtree(path, ignore_errors=True)


def _emit(**message: Any) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def _failure_sentence(error: OSError | MemoryError) -> str:
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        reason = "no space is left where the snapshots lie; free some and try again"
    else:
        reason = str(error) or type(error).__name__
    return f"Building the snapshot failed: {reason}."


def main(parts: Sequence[str]) -> int:
    """Rebuild the named parts, "data" and "model", and report how it ended.

    With the word "unpublished" the generation is built and checked, but not served.

    The exit status is 0 if it could report, whatever it reported.
    """
    config = Config.from_environment()
    try:
        published = build_and_publish(
            config,
            data="data" in parts,
            model="model" in parts,
            say=lambda step: _emit(step=step),
            publish="unpublished" not in parts,
        )
    except (ArtifactError, ReloadRefusedError) as error:
        _emit(refused=str(error))
    except ModelMismatchError as error:
        _emit(conflict=str(error))
    except (OSError, MemoryError) as error:
        _emit(failed=_failure_sentence(error))
    else:
        _emit(published=published)
    return 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
