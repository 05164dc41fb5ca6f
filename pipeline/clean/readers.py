"""Read raw reviews in chunks, whatever form the file has.

Every chunk is a frame of str columns. Lists, which parquet and JSON may hold, become JSON
text, which the cleaning rules read. Faults are reported by line.
"""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Collection, Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.csv
import pyarrow.parquet as pq

from pipeline.clean.csv_faults import describe_fault
from pipeline.clean.database import query_columns, read_query
from pipeline.clean.json_lines import read_json_lines
from pipeline.clean.locations import Location, Query, RawFile, size_of
from pipeline.clean.raw_file import Form, open_raw, recognize
from pipeline.errors import PipelineError

_BLOCK_BYTES = 4 << 20  # no row may be longer; Arrow holds up to a few dozen blocks at once
_PARQUET_ROWS = 50_000


@dataclass(frozen=True)
class Chunk:
    """Some rows, (n, any) str, and how many bytes of the file have been read with them."""

    frame: pd.DataFrame
    n_bytes_read: int


def read_chunks(path: Location, wanted: Collection[str]) -> Iterator[Chunk]:
    """Read a CSV, parquet or JSON lines file, or the rows of a query, in chunks, at least one.

    Args:
        path: What to read; CSV and JSON lines may be gzipped.
        wanted: Columns to read, where the file has them.

    Raises:
        PipelineError: The file can't be read as what it seems to be.
    """
    if isinstance(path, Query):
        yield from _read_query(path, wanted)
        return
    form = recognize(path)
    if form is Form.PARQUET:
        yield from _read_parquet(path, wanted)
    elif form is Form.JSON_LINES:
        with open_raw(path) as source:
            for frame in read_json_lines(source, path, wanted):
                yield Chunk(frame, source.n_bytes_read)
    else:
        yield from _read_csv(path, wanted)


def read_column_names(path: Location) -> list[str]:
    """List the columns of a file, or the keys of the first objects of JSON lines.

    Raises:
        PipelineError: The file can't be read as what it seems to be.
    """
    if isinstance(path, Query):
        return query_columns(path)
    form = recognize(path)
    if form is Form.PARQUET:
        return list(_open_parquet(path).schema_arrow.names)
    with open_raw(path) as source:
        if form is Form.JSON_LINES:
            return list(next(read_json_lines(source, path, None, chunk_rows=1_000)).columns)
        return _csv_header(source.read(_BLOCK_BYTES), path)


def _read_csv(path: RawFile, wanted: Collection[str]) -> Iterator[Chunk]:
    header = read_column_names(path)
    if twice := sorted({name for name in header if header.count(name) > 1} & set(wanted)):
        raise PipelineError(f"{path} has several columns named {twice[0]!r}; rename all but one.")
    chosen = [name for name in header if name in wanted]
    convert = pyarrow.csv.ConvertOptions(
        column_types=dict.fromkeys(header, pa.string()),
        include_columns=chosen,
        null_values=[""],
        strings_can_be_null=True,
    )
    with open_raw(path) as source:
        try:
            batches = pyarrow.csv.open_csv(
                source,
                read_options=pyarrow.csv.ReadOptions(block_size=_BLOCK_BYTES),
                parse_options=pyarrow.csv.ParseOptions(newlines_in_values=True),
                convert_options=convert,
            )
            yield Chunk(pd.DataFrame(columns=chosen, dtype="str"), 0)
            for number, batch in enumerate(batches if chosen else (), start=1):
                # Arrow reads ahead; what counts is how much of it has come out.
                done = min(1.0, number * _BLOCK_BYTES / max(source.n_unpacked, 1))
                yield Chunk(_as_text(batch), int(done * source.n_bytes_read))
        except pa.ArrowInvalid as error:
            raise PipelineError(describe_fault(path, str(error))) from error
        if source.n_quotes % 2 and (fault := describe_fault(path)):
            raise PipelineError(fault)


def _csv_header(start: bytes, path: RawFile) -> list[str]:
    try:
        text = start.decode("utf-8-sig", errors="ignore")
        header = next(csv.reader(io.StringIO(text, newline="")))
    except (csv.Error, StopIteration) as error:
        raise PipelineError(f"{path} line 1 is not a CSV header: {error}.") from error
    for sign, name in (("\t", "tabs"), (";", "semicolons")):
        if len(header) == 1 and sign in header[0]:
            raise PipelineError(f"{path} separates its columns by {name}; expected commas.")
    return header


def _open_parquet(path: RawFile) -> pq.ParquetFile:
    try:
        return pq.ParquetFile(path if isinstance(path, Path) else path.opened())
    except (pa.ArrowInvalid, OSError) as error:
        raise PipelineError(
            f"{path} is damaged or cut off: it begins like parquet, but can't be read as such "
            f"({str(error).splitlines()[0]}). Fetch or write it again."
        ) from error


def _read_parquet(path: RawFile, wanted: Collection[str]) -> Iterator[Chunk]:
    file = _open_parquet(path)
    chosen = [name for name in file.schema_arrow.names if name in wanted]
    yield Chunk(pd.DataFrame(columns=chosen, dtype="str"), 0)
    n_bytes, n_rows, n_read = size_of(path), max(file.metadata.num_rows, 1), 0
    try:
        for batch in file.iter_batches(_PARQUET_ROWS, columns=chosen):
            n_read += batch.num_rows
            yield Chunk(_as_text(batch), n_bytes * n_read // n_rows)
    except (pa.ArrowInvalid, OSError) as error:
        raise PipelineError(
            f"{path} is damaged after row {n_read:,}: {str(error).splitlines()[0].rstrip('.')}."
        ) from error


def _read_query(query: Query, wanted: Collection[str]) -> Iterator[Chunk]:
    chosen = [name for name in query_columns(query) if name in wanted]
    yield Chunk(pd.DataFrame(columns=chosen, dtype="str"), 0)
    for batch in read_query(query):
        yield Chunk(_as_text(batch.select(chosen)), 0)


def _as_text(batch: pa.RecordBatch) -> pd.DataFrame:
    """Turn every column into str, keeping missing values missing."""
    frame = {}
    for name, column in zip(batch.schema.names, batch.columns, strict=True):
        plain = column.storage if isinstance(column, pa.ExtensionArray) else column
        text = _nested_as_json(plain) if pa.types.is_nested(plain.type) else plain
        frame[name] = text.cast(pa.large_string()).to_pandas().astype("str")
    return pd.DataFrame(frame, index=np.arange(batch.num_rows))


def _nested_as_json(column: pa.Array) -> pa.Array:
    values = [None if v is None else json.dumps(v, default=str) for v in column.to_pylist()]
    return pa.array(values, pa.large_string())
