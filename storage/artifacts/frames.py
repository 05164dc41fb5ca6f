"""Reads and writes the tables of the artifact set as frames.

A table may be a folder of parts, `storage.parquet.parts`. Writing is atomic: a reader sees the
old file or the new one, never a part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Final

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from storage.artifacts.paths import ArtifactError, missing_file_message
from storage.atomic import replacing
from storage.parquet.parts import read_schema, read_table, size_of

MEAN_RATING_NOTE: Final = "history_mean_rating"
"""Note of `item_price_df.pq`: the mean rating of all histories when the model was trained."""

FIVE_STAR_NOTE: Final = "five_star_model"
"""Note of `item_price_df.pq`: `recsys.features.five_star_model` as JSON; none for the bias model."""


def write_frame(frame: pd.DataFrame, path: Path, notes: Mapping[str, str] | None = None) -> None:
    """Write a frame as parquet, atomically.

    Notes about the whole frame go into the metadata of the file's schema, see `read_note`.

    Floats are stored byte by byte of equal weight (BYTE_STREAM_SPLIT), which lets zstd
    halve vectors whose last bits are zero; any parquet reader undoes it.
    """
    table = pa.Table.from_pandas(frame)
    if notes:
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), **notes})
    floats = [field.name for field in table.schema if pa.types.is_floating(field.type)]
    with replacing(path) as unfinished:
        pq.write_table(
            table,
            unfinished,
            compression="zstd",
            compression_level=9,
            use_dictionary=[name for name in table.column_names if name not in floats],
            use_byte_stream_split=floats or False,
        )


def read_note(path: Path, name: str) -> str | None:
    """Read a note that `write_frame` wrote with a frame; None where the file has none.

    Raises:
        ArtifactError: Missing or unreadable file.
    """
    note = (schema_of(path).metadata or {}).get(name.encode())
    return None if note is None else note.decode()


def schema_of(path: Path) -> pa.Schema:
    """Read the schema of a table, of a folder that of its first part.

    Raises:
        ArtifactError: Missing or unreadable file.
    """
    try:
        return read_schema(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise ArtifactError(unreadable(path, error)) from error


def read_frame(path: Path, chosen: Sequence[str] | None = None) -> pd.DataFrame:
    """Read a table.

    Args:
        path: File or folder.
        chosen: Columns to read, in their order; None for all.

    Raises:
        ArtifactError: Missing or unreadable file.
    """
    try:
        frame: pd.DataFrame = read_table(path, chosen).to_pandas()
    except (OSError, pa.ArrowInvalid) as error:
        raise ArtifactError(unreadable(path, error)) from error
    return frame


def unreadable(path: Path, error: Exception) -> str:
    """Explain that a file can't be read, and how to get it where it is missing."""
    if not path.exists():
        return missing_file_message(path)
    reason = str(error).splitlines()[0]
    what = "folder of parquet files" if path.is_dir() else "parquet file"
    size = "" if isinstance(error, FileNotFoundError) else f" ({size_of(path):,} bytes)"
    return f"{path}{size} is not a readable {what}: {reason}"
