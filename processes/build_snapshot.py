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
import signal
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from pathlib import Path
from typing import Any

from classes.errors import NothingToRollBackError, ReloadRefusedError
from classes.publication.publication import Publication, open_publication
from classes.publication.shared_changes import follow, roll_back
from classes.snapshot import Snapshot
from classes.top_lists import TopLists
from config import Config
from processes.build_generation import Say, build_generation, manifest_hash
from processes.events_to_fold import NO_EVENTS, EventsToFold, events_to_fold
from processes.fill_top_lists import fill
from scoring.compiled_search import prepare_search
from scoring.keras_file import ModelMismatchError
from storage.array_folder import DamagedFolderError, read_manifest
from storage.artifacts import ArtifactError
from storage.pointer import Pointer
from storage.remote.artifacts import fetch_artifacts
from storage.remote.client import StoreError
from storage.remote.object_store import ObjectMovedError
from storage.snapshot_folder import DATA, INPUTS, MODEL, SnapshotFolder, read_about
from storage.sources import (
    FORMAT_VERSION,
    artifact_paths,
    data_hash,
    file_hash,
    source_fingerprint,
)

NICENESS = 5
"""Of a build beside requests: these have most of the processor, and it ends all the same."""

GRACE_S = 5
"""How much longer than its caller a builder waits before it ends itself."""


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
    if pointer is not None:
        _refuse_incomplete(snapshots, pointer.generation, data=data, model=model)
    serving = snapshots.generation(pointer.generation) if pointer else None
    data_from, model_from = (None if data else serving), (None if model else serving)
    sources = source_fingerprint(config)
    generation = _build(config, publication, data_from, model_from, say)
    if source_fingerprint(config) != sources:
        raise ReloadRefusedError(
            "The files changed while they were read; reload when they no longer change."
        )
    if publish:
        _make_top_lists(config, snapshots, generation, pointer, say)
        successor = (pointer or Pointer(generation)).succeeded_by(generation, sources)
        publication.publish(successor)
        snapshots.remove_all_but(successor.kept)
        say(f"Published snapshot {generation}.")
    return generation


def _build(
    config: Config,
    publication: Publication,
    data_from: Path | None,
    model_from: Path | None,
    say: Say,
) -> str:
    """Build a generation, unless it is here or in the store, and return its name.

    Args:
        config: The settings.
        publication: Where it may be already.
        data_from: The generation that the data is taken from; None to read the files.
        model_from: The same for the model.
        say: Told of each step.
    """
    snapshots = SnapshotFolder(config.snapshot_path)
    events = EventsToFold(NO_EVENTS) if data_from is not None else events_to_fold(config)
    hashes = {
        "data_hash": manifest_hash(data_from, "data_hash") or data_hash(config) + events.key,
        "model_hash": manifest_hash(model_from, "model_hash")
        or file_hash(artifact_paths(config).model),
    }
    generation = _generation_name(hashes)
    publication.obtain(generation)
    if not snapshots.is_sound(generation):
        with snapshots.new_generation(generation) as folder:
            build_generation(config, folder, data_from, model_from, events, hashes, say)
    return generation


def _make_top_lists(
    config: Config, snapshots: SnapshotFolder, generation: str, serving: Pointer | None, say: Say
) -> None:
    """Create the lists, and fill them as far as RELOAD_FILL_S allows if another generation serves."""
    manifest = read_manifest(snapshots.generation(generation))
    TopLists.create(snapshots.top_lists(generation), manifest["n_users"])
    if serving is not None and not snapshots.missing(serving.generation, (INPUTS, DATA, MODEL)):
        _fill_top_lists(config, snapshots, generation, say)


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


def _generation_name(hashes: dict[str, str]) -> str:
    key = f"{FORMAT_VERSION} {hashes['data_hash']} {hashes['model_hash']}"
    return hashlib.sha256(key.encode()).hexdigest()[:16]


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


def _act(config: Config, parts: Sequence[str]) -> str:
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
        published = _act(config, parts)
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
