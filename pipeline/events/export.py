"""Writes stored events as raw reviews, a few at a time."""

from __future__ import annotations

import gzip
from collections.abc import Callable, Iterator
from contextlib import ExitStack, contextmanager
from pathlib import Path
from typing import Any, BinaryIO, Final, cast

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq
from rich.console import Console
from rich.progress import Progress

from config import Config
from pipeline.errors import PipelineError
from processes.event_follower import EventFollower
from recsys import columns
from recsys.cleaning.rows import Keys
from recsys.kinds import KINDS
from storage.atomic import replacing
from storage.events.configured import open_events
from storage.events.store import EventStore

ENDINGS: Final = (".csv", ".csv.gz", ".jsonl", ".jsonl.gz", ".parquet", ".pq")

Write = Callable[[pa.Table], Any]


def open_current_events(config: Config) -> EventStore:
    """Open the store; where machines share events, after fetching those that aren't here yet.

    Raises:
        storage.events.event.EventStoreError: They can't be fetched.
    """
    if config.events_url:
        EventFollower(config).follow()
    return open_events(config)


def export_events(store: EventStore, path: Path, keys: Keys, console: Console) -> int:
    """Write all events to a file, which is replaced only on success, and count them.

    What users took back and who was forgotten isn't among them: the first stands there as a
    `remove`, the second was removed from the store.

    Args:
        store: The events.
        path: Its ending chooses the form, one of `ENDINGS`.
        keys: How the columns of users and items are named.
        console: Gets the progress.

    Raises:
        PipelineError: The file has another ending.
        storage.events.event.EventStoreError: The events can't be read.
    """
    form = _form_of(path)
    last, n_events, schema = store.last_seq, 0, _schema(keys)
    with (
        replacing(path) as unfinished,
        _writer(unfinished, form, schema) as write,
        Progress(console=console, disable=not console.is_terminal, transient=True) as progress,
    ):
        task = progress.add_task("writing events", total=store.n_events)
        for events in store.since(0, last):
            write(_raw_rows(events, schema))
            n_events += len(events)
            progress.update(task, completed=n_events)
    return n_events


def _form_of(path: Path) -> str:
    for ending in ENDINGS:
        if path.name.endswith(ending):
            return ending
    raise PipelineError(f"{path} ends in none of {', '.join(ENDINGS)}, which choose the form.")


def _schema(keys: Keys) -> pa.Schema:
    return pa.schema(
        [
            (keys.user, pa.string()),
            (keys.item, pa.string()),
            (columns.RATING, pa.float64()),
            (columns.REVIEW_TIME, pa.string()),
            (columns.KIND, pa.string()),
            (columns.EVENT_SEQ, pa.int64()),
        ]
    )


def _raw_rows(events: pd.DataFrame, schema: pa.Schema) -> pa.Table:
    """Lay out events as the schema says; ratings are those of reviews."""
    times = events["time_us"].to_numpy().astype("datetime64[us]")
    kinds = np.array(KINDS, dtype=object)[events["kind"].to_numpy()]
    values = pd.to_numeric(events["value"]).to_numpy(dtype=np.float64)
    columns_in_order = (
        events["user"],
        events["item"],
        pa.array(values, from_pandas=True),
        np.datetime_as_string(times, unit="us", timezone="UTC"),
        kinds,
        events["seq"],
    )
    arrays = [
        pa.array(each, field.type) for each, field in zip(columns_in_order, schema, strict=True)
    ]
    return pa.Table.from_arrays(arrays, schema=schema)


@contextmanager
def _writer(path: Path, form: str, schema: pa.Schema) -> Iterator[Write]:
    """Open a file of some form, and yield what writes rows into it."""
    with ExitStack() as opened:
        if form in (".parquet", ".pq"):
            yield opened.enter_context(pq.ParquetWriter(path, schema, compression="zstd")).write
            return
        file = cast("BinaryIO", opened.enter_context(path.open("wb")))
        if form.endswith(".gz"):
            file = cast("BinaryIO", opened.enter_context(gzip.open(file, "wb")))
        if form.startswith(".csv"):
            yield opened.enter_context(pyarrow.csv.CSVWriter(file, schema)).write
        else:
            yield lambda rows: file.write(_json_lines(rows))


def _json_lines(rows: pa.Table) -> bytes:
    text: str = rows.to_pandas().to_json(orient="records", lines=True, force_ascii=False)
    return text.encode()
