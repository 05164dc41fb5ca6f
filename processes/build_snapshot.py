"""Builds, checks and publishes one generation: `python -m processes.build_snapshot data model`.

Runs as a process of its own (processes/start_build.py) that holds the build lock. It writes
one JSON object per line to standard output: `{"step": …}` while it works, at the end
`{"published": …}` or one of `{"refused": …}`, `{"conflict": …}`, `{"busy": …}`, `{"failed": …}`.

Instead of parts to build it takes the word "follow", to take over what the store at
SNAPSHOT_URL has, or "rollback".
"""

from __future__ import annotations

import errno
import hashlib
import json
import os
import shutil
import signal
import sys
import time
from collections.abc import Callable, Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from classes.app_data_processing import AppDataProcessor
from classes.artifact_arrays import CLEAN_COLUMNS
from classes.errors import NothingToRollBackError, ReloadRefusedError
from classes.model import Model
from classes.publication.publication import open_publication
from classes.publication.shared_changes import follow, roll_back
from classes.snapshot import Snapshot
from classes.top_lists import TopLists
from config import Config
from processes.fill_top_lists import fill
from scoring.compiled_search import prepare_search
from scoring.inputs import ModelInputs
from scoring.keras_file import MODEL_FILE, ModelMismatchError
from storage.array_folder import DamagedFolderError, open_arrays, read_manifest, save_arrays
from storage.artifacts import ArtifactError
from storage.atomic import replace_by_copy
from storage.parquet.bounds import refuse_oversized
from storage.pointer import Pointer
from storage.remote.artifacts import fetch_artifacts
from storage.remote.object_store import ObjectMovedError, StoreError
from storage.snapshot_folder import DATA, INPUTS, MODEL, SnapshotFolder, read_about
from storage.sources import (
    FORMAT_VERSION,
    artifact_paths,
    data_files,
    data_hash,
    file_hash,
    source_fingerprint,
)

N_SHADOW_USERS = 32
NICENESS = 5
"""Of a build beside requests: these have most of the processor, and it ends all the same."""

GRACE_S = 5
"""How much longer than its caller a builder waits before it ends itself."""

Say = Callable[[str], None]


def build_and_publish(
    config: Config, *, data: bool, model: bool, say: Say, publish: bool = True
) -> str:
    """Build the parts asked for from the files, and take the rest from the generation in service.

    Returns:
        The name of the generation, which is in service afterwards unless `publish` is False.

    Raises:
        ServiceError: As `start_build.run_builder` says. Nothing has changed then.
    """
    snapshots = SnapshotFolder(config.snapshot_path)
    publication = open_publication(config, snapshots)
    pointer = publication.base()
    snapshots.remove_debris()
    fetch_artifacts(config, say)
    serving = snapshots.generation(pointer.generation) if pointer else None
    data_from, model_from = (None if data else serving), (None if model else serving)
    if pointer is not None:
        _refuse_incomplete(snapshots, pointer.generation, data=data, model=model)
    sources = source_fingerprint(config)
    hashes = {
        "data_hash": _manifest_hash(data_from, "data_hash") or data_hash(config),
        "model_hash": _manifest_hash(model_from, "model_hash")
        or file_hash(artifact_paths(config).model),
    }
    generation = _generation_name(hashes)
    publication.obtain(generation)
    if not snapshots.is_sound(generation):
        with snapshots.new_generation(generation) as folder:
            _build(config, folder, data_from, model_from, hashes, say)
    if source_fingerprint(config) != sources:
        raise ReloadRefusedError(
            "The files changed while they were read; reload when they no longer change."
        )
    if not publish:
        return generation
    manifest = read_manifest(snapshots.generation(generation))
    TopLists.create(snapshots.top_lists(generation), manifest["n_users"])
    if pointer is not None and not snapshots.missing(pointer.generation, (INPUTS, DATA, MODEL)):
        _fill_top_lists(config, snapshots, generation, say)
    successor = (pointer or Pointer(generation)).succeeded_by(generation, sources)
    publication.publish(successor)
    snapshots.remove_all_but(successor.kept)
    say(f"Published snapshot {generation}.")
    return generation


def _fill_top_lists(config: Config, snapshots: SnapshotFolder, generation: str, say: Say) -> None:
    """Fill the lists while the generation before still answers from its own.

    Published without lists, every answer would be scored on demand until they are filled.
    """
    prepare_search(config.snapshot_path, say)
    lists = TopLists.open(snapshots.top_lists(generation), writable=True)
    until = time.monotonic() + config.reload_fill_s
    fill(Snapshot.open(snapshots.generation(generation)), lists, say, until)


def _refuse_incomplete(
    snapshots: SnapshotFolder, generation: str, *, data: bool, model: bool
) -> None:
    """Refuse to take from a generation what was removed from its folder, or has another format."""
    taken = (() if data else (INPUTS, DATA)) + (() if model else (MODEL,))
    if not taken:
        return
    missing = snapshots.missing(generation, taken)
    reason = f"{snapshots.root / missing} is missing." if missing else ""
    try:
        if not missing:
            read_about(snapshots.generation(generation))
    except DamagedFolderError as error:
        reason = str(error)
    if reason:
        raise ReloadRefusedError(
            f"Nothing can be kept of the generation in service: {reason} "
            f"POST /reload builds data and model from the artifact files."
        )


def _build(
    config: Config,
    folder: Path,
    data_from: Path | None,
    model_from: Path | None,
    hashes: dict[str, str],
    say: Say,
) -> None:
    """Fill the folder of a generation, and check it."""
    started, began = time.time(), time.monotonic()
    processor = _place_data(config, folder, data_from, say)
    model = _place_model(config, folder, model_from, processor.inputs, say)
    about = {
        "format": FORMAT_VERSION,
        "n_users": processor.n_users,
        "n_items": processor.n_items,
        "engine": model.describe(),
        "data_read_at": _data_read_at(data_from) or started,
        "built_at": started,
        "build_seconds": round(time.monotonic() - began, 3),
        **hashes,
    }
    save_arrays(folder, {}, about)
    say("Checking the snapshot on sampled users …")
    _recommend_to_sampled_users(Snapshot.open(folder))


def _place_data(config: Config, folder: Path, data_from: Path | None, say: Say) -> AppDataProcessor:
    """Fill inputs/ and data/ from the files, or by links to those of a generation."""
    if data_from is not None:
        for name in (INPUTS, DATA):
            shutil.copytree(
                data_from / name, folder / name, copy_function=os.link, dirs_exist_ok=True
            )
        return AppDataProcessor(open_arrays(folder / INPUTS) | open_arrays(folder / DATA))
    say("Reading embeddings, prices and interactions …")
    paths = artifact_paths(config)
    for path in data_files(paths):
        wanted = CLEAN_COLUMNS if path == paths.clean else None
        refuse_oversized(path, config.build_memory_mb, wanted)
    processor = AppDataProcessor.from_artifacts(paths, config.cold_start_window_days)
    inputs = processor.input_arrays
    rest = {name: array for name, array in processor.arrays.items() if name not in inputs}
    save_arrays(folder / INPUTS, inputs, {})
    save_arrays(folder / DATA, rest, {})
    say(f"Read {processor.n_users:,} users and {processor.n_items:,} items.")
    return processor


def _place_model(
    config: Config, folder: Path, model_from: Path | None, inputs: ModelInputs, say: Say
) -> Model:
    """Copy the Keras file into model/, and precompute what serving needs of it."""
    source = artifact_paths(config).model if model_from is None else model_from / MODEL / MODEL_FILE
    replace_by_copy(folder / MODEL / MODEL_FILE, source)
    prepare_search(config.snapshot_path, say)
    say("Loading the model and precomputing its item and user halves …")
    model = Model.from_keras(folder / MODEL / MODEL_FILE, inputs, say)
    model.save(folder / MODEL)
    say(f"Scoring engine: {model.describe()}.")
    return model


def _recommend_to_sampled_users(snapshot: Snapshot) -> None:
    """Recommend to some users as a request would, before one does."""
    users = snapshot.data.random_users(N_SHADOW_USERS)
    for items in snapshot.recommender.recommend(users).values():
        if len(set(items)) != len(items):
            raise ReloadRefusedError(f"A sampled user got an item twice: {items}.")


def _generation_name(hashes: dict[str, str]) -> str:
    key = f"{FORMAT_VERSION} {hashes['data_hash']} {hashes['model_hash']}"
    return hashlib.sha256(key.encode()).hexdigest()[:16]


def _manifest_hash(generation: Path | None, name: str) -> str | None:
    """Read a hash from the manifest of a generation, if one is given."""
    return None if generation is None else str(read_manifest(generation)[name])


def _data_read_at(generation: Path | None) -> float | None:
    """Return when the data of a generation was read from its files, if that is recorded."""
    return None if generation is None else read_manifest(generation).get("data_read_at")


def _be_expendable(timeout_s: int) -> None:
    """Be the first to go where memory is short, and end in time even if the caller has died."""
    with suppress(OSError):  # not every system has it
        Path("/proc/self/oom_score_adj").write_text("1000", encoding="ascii")
    signal.alarm(timeout_s + GRACE_S)


def _emit(**message: Any) -> None:
    sys.stdout.write(json.dumps(message) + "\n")
    sys.stdout.flush()


def _failure_sentence(error: OSError | MemoryError | DamagedFolderError) -> str:
    if isinstance(error, StoreError | DamagedFolderError):
        return str(error)
    if isinstance(error, OSError) and error.errno in (errno.ENOSPC, errno.EDQUOT):
        reason = "no space is left where the snapshots lie; free some and try again"
    else:
        reason = str(error) or type(error).__name__
    return f"Building the snapshot failed: {reason}."


def _publish(config: Config, parts: Sequence[str]) -> str:
    """Do what the words ask for; return the generation in service afterwards, or ""."""
    if "follow" in parts:
        return follow(config)
    if "rollback" in parts:
        return roll_back(config)
    return build_and_publish(
        config,
        data="data" in parts,
        model="model" in parts,
        say=lambda step: _emit(step=step),
        publish="unpublished" not in parts,
    )


def main(parts: Sequence[str]) -> int:
    """Rebuild the named parts, "data" and "model", and report how it ended.

    With the word "unpublished" the generation is built and checked, but not served. The exit
    status is 0 whenever a report was written, even one of a failure.
    """
    config = Config.from_environment()
    try:
        published = _publish(config, parts)
    except NothingToRollBackError as error:
        _emit(nothing=str(error))
    except ObjectMovedError as error:
        _emit(busy=f"{error} Nothing has changed; try again in a few seconds.")
    except (ArtifactError, ReloadRefusedError) as error:
        _emit(refused=str(error))
    except ModelMismatchError as error:
        _emit(conflict=str(error))
    except (OSError, MemoryError, DamagedFolderError) as error:
        _emit(failed=_failure_sentence(error))
    else:
        _emit(published=published)
    return 0


if __name__ == "__main__":
    settings = Config.from_environment()
    if SnapshotFolder(settings.snapshot_path).pointer.stamp():
        os.nice(NICENESS)
    _be_expendable(settings.reload_timeout_s)
    sys.exit(main(sys.argv[1:]))
