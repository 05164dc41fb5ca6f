"""Parts between two exchanges of rows: how they are named, numbered, read and written."""

from __future__ import annotations

import tempfile
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from typing import Final

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from storage.atomic import remove, replacing
from storage.parquet.parts import parts_of

ROW: Final = "row_number"
"""The column that keeps the order of the file: number of the file, shifted, plus that of the row."""

_ROWS_AT_ONCE: Final = 50_000
_FILE_SHIFT: Final = 40


def numbers(file_number: int, first: int, n_rows: int) -> NDArray[np.int64]:
    """Number the rows of a piece of a file, (n_rows,)."""
    return np.arange(first, first + n_rows, dtype=np.int64) + (file_number << _FILE_SHIFT)


def read_part(number: int, path: str, columns: Sequence[str] | None = None) -> Iterator[pa.Table]:
    """Read a part by row groups; `number` is not used, since our own parts number their rows."""
    del number
    with pq.ParquetFile(path) as file:
        for batch in file.iter_batches(_ROWS_AT_ONCE, columns=columns and list(columns)):
            yield pa.Table.from_batches([batch])


def filled_parts(path: Path) -> list[Path]:
    """List the parts that have rows: Ray's shuffle fails where a task has only a block without any."""
    return [part for part in parts_of(path) if pq.read_metadata(part).num_rows]


def part_name(number: int) -> str:
    """Name a part so that the order of names is that of numbers."""
    return f"part-{number:08d}.parquet"


def write_part(rows: pa.Table, folder: Path, number: int) -> None:
    """Write a part; a call that is repeated, since its worker died, replaces what it left."""
    with replacing(folder / part_name(number)) as unfinished:
        pq.write_table(rows, unfinished, compression="zstd")


@contextmanager
def workspace(beside: Path) -> Iterator[Path]:
    """Yield a folder for parts between two exchanges, which is removed at the end."""
    beside.mkdir(parents=True, exist_ok=True)
    folder = Path(tempfile.mkdtemp(prefix=".exchange-", dir=beside))
    try:
        yield folder
    finally:
        remove(folder)
