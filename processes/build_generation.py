"""Fills the folder of a generation, from artifact files and from the generation in service."""

from __future__ import annotations

import os
import shutil
import time
from collections.abc import Callable
from pathlib import Path
from typing import Final

from classes.app_data_processing import AppDataProcessor
from classes.artifact_arrays.clean_rows import CLEAN_COLUMNS
from classes.errors import ReloadRefusedError
from classes.model import Model
from classes.snapshot import Snapshot
from config import Config
from processes.events_to_fold import EventsToFold
from scoring.compiled_search import prepare_search
from scoring.inputs import ModelInputs
from scoring.keras_file import MODEL_FILE
from storage.array_folder import open_arrays, read_manifest, save_arrays
from storage.atomic import replace_by_copy
from storage.parquet.bounds import refuse_oversized
from storage.snapshot_folder import DATA, EVENTS_THROUGH, INPUTS, MODEL
from storage.sources import FORMAT_VERSION, artifact_paths, data_files

N_SHADOW_USERS: Final = 32

Say = Callable[[str], None]


def build_generation(
    config: Config,
    folder: Path,
    data_from: Path | None,
    model_from: Path | None,
    events: EventsToFold,
    hashes: dict[str, str],
    say: Say,
) -> None:
    """Fill the folder of a generation, and check it."""
    started, began = time.time(), time.monotonic()
    processor = _place_data(config, folder, data_from, events, say)
    model = _place_model(config, folder, model_from, processor.inputs, say)
    about = {
        "format": FORMAT_VERSION,
        "n_users": processor.n_users,
        "n_items": processor.n_items,
        "engine": model.describe(),
        "data_read_at": _data_read_at(data_from) or started,
        EVENTS_THROUGH: _events_through(data_from, events),
        "built_at": started,
        "build_seconds": round(time.monotonic() - began, 3),
        **hashes,
    }
    save_arrays(folder, {}, about)
    say("Checking the snapshot on sampled users …")
    _recommend_to_sampled_users(Snapshot.open(folder))


def _place_data(
    config: Config, folder: Path, data_from: Path | None, events: EventsToFold, say: Say
) -> AppDataProcessor:
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
    processor = AppDataProcessor.from_artifacts(
        paths, config.cold_start_window_days, events.rows, events.forgotten_until
    )
    inputs = processor.input_arrays
    rest = {name: array for name, array in processor.arrays.items() if name not in inputs}
    save_arrays(folder / INPUTS, inputs, {})
    save_arrays(folder / DATA, rest, {})
    added = "" if events.rows is None else f", {len(events.rows):,} events among what they did"
    say(f"Read {processor.n_users:,} users and {processor.n_items:,} items{added}.")
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


def manifest_hash(generation: Path | None, name: str) -> str | None:
    """Read a hash from the manifest of a generation, if one is given."""
    return None if generation is None else str(read_manifest(generation)[name])


def _events_through(generation: Path | None, events: EventsToFold) -> int:
    """Return the last event that the data of a generation, or what is read now, holds."""
    if generation is None:
        return events.through_seq
    return int(read_manifest(generation)[EVENTS_THROUGH])


def _data_read_at(generation: Path | None) -> float | None:
    """Return when the data of a generation was read from its files, if that is recorded."""
    return None if generation is None else read_manifest(generation).get("data_read_at")
