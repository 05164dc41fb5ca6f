"""`clean_df.pq`, a file or parts, as rows on their way: by row groups, numbered in its order."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, NamedTuple

import pyarrow as pa
import pyarrow.parquet as pq

from pipeline.distributed.exchange import each_of
from pipeline.distributed.parts import ROW, numbers
from storage.artifacts import clean_columns, read_clean_group
from storage.parquet.parts import parts_of

if TYPE_CHECKING:
    from ray.data import Dataset


class Piece(NamedTuple):
    """A row group: its file, the file's number, its own, and how many rows are before it there."""

    path: str
    file_number: int
    group: int
    first: int


def read_clean_rows(path: Path, wanted: Sequence[str]) -> Dataset:
    """Read the `wanted` columns, optional ones only where the file has them, and `ROW`.

    Raises:
        storage.artifacts.ArtifactError: As `storage.artifacts.read_clean`, what concerns values
            when they are read.
    """
    chosen = clean_columns(path, wanted)
    pieces = [list(piece) for piece in _pieces(path)]
    return each_of(pieces, partial(_read, chosen=chosen))


def count_rows(path: Path) -> int:
    """Count the rows without reading them."""
    return sum(int(pq.read_metadata(part).num_rows) for part in parts_of(path))


def _pieces(path: Path) -> Iterator[Piece]:
    for file_number, part in enumerate(parts_of(path)):
        found, first = pq.read_metadata(part), 0
        for group in range(found.num_row_groups):
            yield Piece(str(part), file_number, group, first)
            first += found.row_group(group).num_rows


def _read(_: int, fields: Sequence[object], chosen: Sequence[str]) -> Iterator[pa.Table]:
    path, file_number, group, first = fields
    frame = read_clean_group(Path(str(path)), int(str(group)), chosen)
    rows = pa.Table.from_pandas(frame, preserve_index=False).replace_schema_metadata()
    yield rows.append_column(
        ROW, pa.array(numbers(int(str(file_number)), int(str(first)), len(frame)))
    )
