"""`train --engine ray`: workers make the tables and the similarities, one of them fits the model.

The stage runs as it is, in a worker: the driver prints what it says. What it reads of the reviews
are numbers, 36 bytes a row, and the texts of items.
"""

from __future__ import annotations

import argparse
import io
from collections import deque
from collections.abc import Callable, Iterator
from pathlib import Path
from queue import SimpleQueue
from threading import Thread
from typing import IO, TYPE_CHECKING, Any, Final, cast

import pandas as pd
import pyarrow as pa
from threadpoolctl import threadpool_limits

from config import Config
from pipeline.cores import usable_cores
from pipeline.distributed.cluster import n_cores
from pipeline.distributed.parts import workspace
from pipeline.distributed.training_tables import read_tables, write_tables
from pipeline.errors import PipelineError
from pipeline.train import stage
from pipeline.train.ranker.data import READ_TABLES
from pipeline.train.ranker.nearest import (
    ACROSS,
    Cosines,
    Entries,
    Product,
    Spans,
    nearest_of,
)
from recsys import columns
from storage.artifacts import ArtifactError, missing_file_message
from storage.parquet.parts import read_table
from storage.sources import artifact_paths

if TYPE_CHECKING:
    from rich.console import Console

RATING: Final = "rating"
TASKS_IN_FLIGHT: Final = 64
TASKS_A_CORE: Final = 8
BLOCKS_A_TASK: Final = 16
"""At most: a task costs milliseconds, as much as a block of a sparse product of many items."""


def run(args: argparse.Namespace, config: Config, console: Console) -> None:
    """Train as the stage does, on Ray."""
    import ray

    with workspace(config.embeddings_path) as folder:
        if args.objective != RATING:
            paths = artifact_paths(config)
            names = pd.Index(_names(paths.item_desc))
            write_tables(paths.clean, names, folder, console)
        train = ray.remote(num_cpus=0, max_retries=1)(_train).options(num_returns="streaming")
        for line in train.remote(args, config, folder, console.width):
            console.print(ray.get(line), highlight=False, soft_wrap=True)


def across_workers(similarity: Product | Cosines, n: int, spans: Spans) -> Iterator[Entries]:
    """Have workers do the blocks; the matrices lie once in the shared memory of each machine."""
    import ray

    shared = ray.put(similarity)
    work = ray.remote(_nearest_of)
    size = min(max(len(spans) // (TASKS_A_CORE * n_cores()), 1), BLOCKS_A_TASK)
    running: deque[Any] = deque()
    for first in range(0, len(spans), size):
        running.append(work.remote(shared, n, spans[first : first + size]))
        if len(running) > TASKS_IN_FLIGHT:
            yield from ray.get(running.popleft())
    while running:
        yield from ray.get(running.popleft())


def _nearest_of(similarity: Product | Cosines, n: int, spans: Spans) -> list[Entries]:
    """Do some blocks in one thread, as the threads of the other engine do."""
    with threadpool_limits(1, "blas"):
        return [nearest_of(similarity, n, span) for span in spans]


def _names(item_desc: Path) -> list[str]:
    """Read the names of all items, without their vectors."""
    try:
        names: list[str] = read_table(item_desc, [columns.ITEM]).column(columns.ITEM).to_pylist()
    except (OSError, pa.ArrowException) as error:
        missing = "" if item_desc.exists() else missing_file_message(item_desc)
        raise ArtifactError(missing or f"{item_desc} can't be read: {error}") from error
    return names


def _train(args: argparse.Namespace, config: Config, folder: Path, width: int) -> Iterator[str]:
    """Run the stage, yielding the lines that it prints."""
    from rich.console import Console

    def work() -> None:
        READ_TABLES.set(lambda _, names: read_tables(folder, names))
        ACROSS.set(across_workers)
        console = Console(file=cast("IO[str]", _Lines(lines.put)), width=width, markup=False)
        with threadpool_limits(usable_cores(), "blas"):  # Ray leaves a worker one thread
            stage.run(args, config, console)

    lines: SimpleQueue[str | None] = SimpleQueue()
    failed: list[BaseException] = []
    Thread(target=_ending, args=(work, failed, lines), daemon=True).start()
    while (line := lines.get()) is not None:
        yield line
    if failed and isinstance(failed[0], PipelineError):
        raise PipelineError(str(failed[0]))  # its subclasses don't travel between processes
    if failed:
        raise failed[0]


def _ending(
    work: Callable[[], None], failed: list[BaseException], lines: SimpleQueue[str | None]
) -> None:
    try:
        work()
    except Exception as error:  # noqa: BLE001 - raised again where the lines are read
        failed.append(error)
    finally:
        lines.put(None)


class _Lines(io.TextIOBase):
    """A text stream that hands on whole lines."""

    def __init__(self, put: Callable[[str], None]) -> None:
        self._put = put
        self._begun = ""

    def write(self, text: str) -> int:
        """Add text."""
        *whole, self._begun = (self._begun + text).split("\n")
        for line in whole:
            self._put(line)
        return len(text)

    def flush(self) -> None:
        """Hold back what isn't a whole line yet."""
