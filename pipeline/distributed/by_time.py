"""Cleaned rows in the order of time, and at equal times of the file, written in parts."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
from numpy.typing import NDArray
from rich.console import Console

from pipeline.distributed.exchange import (
    Facts,
    facts_of_buckets,
    n_buckets,
    range_ends,
    read_parts,
    with_bucket,
)
from pipeline.distributed.parts import ROW, write_part
from pipeline.distributed.progress import progress
from recsys import columns

ROWS_A_PART: Final = 100_000


def moments_of(times: pa.ChunkedArray, order: NDArray[np.int64]) -> NDArray[np.complex128]:
    """Combine time and place in the file in one number, which NumPy sorts by the one, then the other.

    Both are whole numbers below 2^53 (microseconds until the year 2255), so exact.
    """
    since_1970 = pc.cast(times, pa.int64()).to_numpy().astype(np.float64)
    return np.asarray(since_1970 + 1j * order)


def write_by_time(
    rows: Path,
    result: Path,
    moments: Sequence[tuple[float, float]],
    n_rows: int,
    schema: pa.Schema,
    console: Console,
) -> None:
    """Write parts of `schema`.

    Args:
        rows: Folder of parts with the columns of `schema` and `ROW`.
        result: Folder of the parts to write.
        moments: Some of `moments_of` the rows, by which they are divided evenly.
        n_rows: How many there are.
        schema: Columns of the result, and its notes.
        console: Gets the progress.
    """
    ends = range_ends(moments, n_buckets(n_rows, ROWS_A_PART))
    cuts = np.array([complex(*end) for end in ends], dtype=np.complex128)
    data = read_parts(rows).map_batches(partial(_by_moment, cuts=cuts), batch_format="pyarrow")
    with progress(console, "writing", n_rows, "rows") as told:
        write = partial(_write_range, folder=result, schema=schema)
        facts_of_buckets(data, len(cuts) + 1, write, told)


def _by_moment(rows: pa.Table, cuts: NDArray[np.complex128]) -> pa.Table:
    moments = moments_of(rows.column(columns.REVIEW_TIME), rows.column(ROW).to_numpy())
    return with_bucket(rows, np.searchsorted(cuts, moments, side="right"))


def _write_range(number: int, rows: pa.Table, folder: Path, schema: pa.Schema) -> Facts:
    ordered = rows.sort_by([(columns.REVIEW_TIME, "ascending"), (ROW, "ascending")])
    made = ordered.select(schema.names).replace_schema_metadata().cast(schema.remove_metadata())
    write_part(made.replace_schema_metadata(schema.metadata), folder, number)
    return {"done": rows.num_rows}
