"""Runs the snapshot builder as a process of its own and translates how it ended.

Keras and the parquet files are needed only while a snapshot is built; in a process of
their own they leave no memory behind, and a crash there can't take a worker along.
"""

from __future__ import annotations

import json
import logging
import os
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from functools import partial
from threading import Event
from typing import IO, Any, cast

from classes.errors import (
    NothingToRollBackError,
    ReloadBusyError,
    ReloadConflictError,
    ReloadFailedError,
    ReloadRefusedError,
    ServiceError,
)
from classes.rules.rule import Rule
from classes.service_counters import ServiceCounters
from classes.snapshot_store import SnapshotStore
from config import PROJECT_ROOT, Config
from processes.build_limits import BuildLimits
from processes.change_rules import run_change
from storage.snapshot_folder import SnapshotFolder

logger = logging.getLogger(__name__)

BUILDER_MODULE = "processes.build_snapshot"
BUILDER_ENVIRONMENT = {"TF_CPP_MIN_LOG_LEVEL": "2", "CUDA_VISIBLE_DEVICES": ""}
BESIDE_REQUESTS = dict.fromkeys(
    ("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "TF_NUM_INTRAOP_THREADS"), "1"
)
"""Environment of a builder while a generation is served: it leaves the other cores to requests."""

ENDINGS: dict[str, type[ServiceError]] = {
    "refused": ReloadRefusedError,
    "conflict": ReloadConflictError,
    "busy": ReloadBusyError,
    "nothing": NothingToRollBackError,
}


def open_store(
    config: Config, counters: ServiceCounters | None = None, stopping: Event | None = None
) -> SnapshotStore:
    """Open the store of published generations, which builds new ones in a process of their own.

    Args:
        config: The settings.
        counters: Shared with other processes; counters of this process alone by default.
        stopping: Ends a build in progress when it is set.
    """
    shared = _SharedStore(config, stopping) if config.snapshot_url else None
    build = partial(run_builder, stopping=stopping)
    return SnapshotStore(config, counters, build=build, shared=shared)


class _SharedStore:
    """Follows the store at SNAPSHOT_URL, and changes what it holds, in processes of their own.

    The client of object stores has threads, which wouldn't survive the fork of a worker.
    """

    def __init__(self, config: Config, stopping: Event | None) -> None:
        """Keep the settings, and what ends a process."""
        self._config = config
        self._stopping = stopping

    def follow(self, lock: int) -> str:
        """Take over what the store has; return the generation, or "" where it is empty."""
        return _run(self._config, ["follow"], lock, logger.info, self._stopping)

    def roll_back(self, lock: int) -> None:
        """Let the store and this machine return to the generation before."""
        _run(self._config, ["rollback"], lock, logger.info, self._stopping)

    def replace_rules(self, rules: Sequence[Rule], version: int | None) -> None:
        """Put rules in force in the store and here, as `RuleStore.replace` says."""
        wish = {"rules": [dict(rule.source) for rule in rules], "version": version}
        run_change(self._config, wish)

    def roll_back_rules(self) -> None:
        """Let the store and this machine return to the version of the rules before."""
        run_change(self._config, {"rollback": True})


def run_builder(
    config: Config,
    lock: int,
    *,
    data: bool,
    model: bool,
    announce: Callable[[str], None],
    publish: bool = True,
    stopping: Event | None = None,
) -> None:
    """Build and publish a generation, and return once it is in service.

    Args:
        config: The settings, all of which are passed on.
        lock: Descriptor of the held build lock. The builder inherits it, so a build whose
            caller dies still keeps other builds away until it has ended.
        data: Whether to read the data from its files; otherwise it comes from the
            generation in service.
        model: The same for the model.
        announce: Called with each step.
        publish: Whether to publish it; otherwise it is only built and checked, so that
            publishing it later is quick.
        stopping: Ends the build when it is set.

    Raises:
        ReloadRefusedError: A file is missing, unreadable or invalid.
        ReloadConflictError: Data and model don't fit each other.
        ReloadFailedError: Out of disk space, memory or time, or killed.
    """
    wishes = (("data", data), ("model", model), ("unpublished", not publish))
    _run(config, [name for name, wanted in wishes if wanted], lock, announce, stopping)


def _run(
    config: Config,
    parts: list[str],
    lock: int,
    announce: Callable[[str], None],
    stopping: Event | None,
) -> str:
    """Run the builder's program; return the generation that it has published.

    Raises:
        ServiceError: As it reports.
    """
    with _started(config, parts, lock, stopping) as (output, end):
        messages = [message for message in _messages(output) if not _announced(message, announce)]
        end()
    for message in messages:
        for ending, error in ENDINGS.items():
            if ending in message:
                raise error(message[ending])
        if "failed" in message:
            raise ReloadFailedError(f"{message['failed']} {_what_now(config)}")
    return next((str(each["published"]) for each in messages if "published" in each), "")


@contextmanager
def _started(
    config: Config, parts: list[str], lock: int, stopping: Event | None
) -> Iterator[tuple[IO[str], Callable[[], None]]]:
    """Start the builder; yield its output, and a function that waits for a clean end."""
    pointer = SnapshotFolder(config.snapshot_path).pointer
    before = pointer.stamp()
    with tempfile.TemporaryFile("w+") as complaints:
        process = _process(config, parts, lock, complaints, serving=before is not None)
        limits = BuildLimits(process, config, stopping)
        limits.start()

        def end() -> None:
            # Only this builder may publish now, so a new pointer is its work, however it ended;
            # but where machines share a store, another one may have moved it.
            if process.wait() == 0 or (pointer.stamp() != before and not config.snapshot_url):
                return
            complaints.seek(0)
            logger.error("the builder ended with %s:\n%s", process.returncode, complaints.read())
            sentence = limits.exceeded or _ending_sentence(process.returncode)
            raise ReloadFailedError(f"{sentence} {_what_now(config)}")

        try:
            yield cast(IO[str], process.stdout), end
        finally:
            limits.stop()
            process.kill()
            process.communicate()


def _process(
    config: Config, parts: list[str], lock: int, complaints: IO[str], *, serving: bool
) -> subprocess.Popen[str]:
    """Start the builder's process, which leaves the other cores to requests where one serves."""
    return subprocess.Popen(
        [sys.executable, "-m", BUILDER_MODULE, *parts],
        cwd=PROJECT_ROOT,
        stdin=subprocess.DEVNULL,
        stdout=subprocess.PIPE,
        stderr=complaints,
        pass_fds=(lock,),
        text=True,
        start_new_session=True,
        env=os.environ
        | config.as_environment()
        | BUILDER_ENVIRONMENT
        | (BESIDE_REQUESTS if serving else {}),
    )


def _messages(output: IO[str]) -> Iterator[dict[str, Any]]:
    """Read the builder's messages, one JSON object a line; other lines come from libraries."""
    for line in output:
        if line.startswith("{"):
            yield json.loads(line)


def _announced(message: dict[str, Any], announce: Callable[[str], None]) -> bool:
    """Pass a step on; False if the message is not a step but an ending."""
    if "step" in message:
        announce(message["step"])
    return "step" in message


def _ending_sentence(returncode: int) -> str:
    if returncode < 0:
        return (
            f"Building the snapshot was stopped by signal {-returncode}, perhaps because the "
            f"machine ran out of memory."
        )
    return f"Building the snapshot ended with status {returncode}; the log has the details."


def _what_now(config: Config) -> str:
    """Explain what a failed build means, which is worse where there was none before it."""
    if SnapshotFolder(config.snapshot_path).pointer.read() is None:
        return "There is no earlier snapshot to serve; fix the cause and start again."
    return "The service continues as before."
