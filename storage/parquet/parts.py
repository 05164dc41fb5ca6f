"""Tables as one parquet file or as a folder of parts, read alike.

Parts are the files of a folder that end in .parquet or .pq, in the order of their names; that is
also the order of their rows. Other files there (`_SUCCESS`, hidden ones) are left alone.
"""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

SUFFIXES: Final = (".parquet", ".pq")


def parts_of(path: Path) -> list[Path]:
    """List the files of a table: the path itself, or the parts of the folder that it is.

    Raises:
        FileNotFoundError: The folder has no parts.
    """
    if not path.is_dir():
        return [path]
    parts = sorted(part for part in path.iterdir() if _is_part(part))
    if not parts:
        raise FileNotFoundError(f"{path} is a folder without .parquet files")
    return parts


def size_of(path: Path) -> int:
    """Sum the bytes of the files of a table, or of any file."""
    return sum(part.stat().st_size for part in parts_of(path))


def read_schema(path: Path) -> pa.Schema:
    """Read the schema of a table, of a folder that of its first part."""
    return pq.read_schema(parts_of(path)[0])


def read_table(path: Path, chosen: Sequence[str] | None = None) -> pa.Table:
    """Read a table.

    Args:
        path: File or folder.
        chosen: Columns to read, in their order; None for all.

    Raises:
        OSError: A file can't be read.
        pyarrow.ArrowInvalid: A file is damaged, or parts have different columns.
    """
    names = None if chosen is None else list(chosen)
    tables = [pq.read_table(part, columns=names) for part in parts_of(path)]
    return tables[0] if len(tables) == 1 else pa.concat_tables(tables, promote_options="default")


def _is_part(path: Path) -> bool:
    return path.suffix in SUFFIXES and not path.name.startswith((".", "_")) and path.is_file()
