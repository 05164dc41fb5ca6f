"""Reads `clean_df.pq`, whole or by row groups, and refuses what no review can have."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path

import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from recsys import columns
from recsys.cleaning.faults import clean_fault
from storage.artifacts.frames import read_frame, schema_of, unreadable
from storage.artifacts.paths import ArtifactError


def read_clean(path: Path, wanted: Sequence[str] | None = None) -> pd.DataFrame:
    """Read `clean_df.pq`: the `wanted` columns, optional ones only where the file has them.

    Raises:
        ArtifactError: Missing or unreadable file, or a column of the contract is absent,
            holds something else than numbers or times, lacks a time, or holds a name, rating
            or price that no review can have.
    """
    return _checked(read_frame(path, clean_columns(path, wanted)), path)


def clean_columns(path: Path, wanted: Sequence[str] | None = None) -> list[str]:
    """List those of the `wanted` columns that a `clean_df.pq` has; see `read_clean`.

    The kinds of interactions come with the ratings, which only some kinds have.

    Raises:
        ArtifactError: Missing or unreadable file, or a column of the contract is absent.
    """
    schema = list(schema_of(path).names)
    required = set(columns.CLEAN_COLUMNS if wanted is None else wanted)
    required -= {*columns.OPTIONAL_CLEAN_COLUMNS, columns.KIND}
    missing = sorted(required - set(schema))
    if missing:
        raise ArtifactError(f"{path}: lacks the columns {missing}; it has {schema}.")
    if wanted is None:
        return schema
    wanted = (*wanted, columns.KIND) if columns.RATING in wanted else wanted
    return [name for name in dict.fromkeys(wanted) if name in schema]


def read_clean_group(part: Path, group: int, chosen: Sequence[str]) -> pd.DataFrame:
    """Read one row group of one file of a `clean_df.pq`.

    Args:
        part: The file.
        group: Number of the row group.
        chosen: Columns that `clean_columns` lists.

    Raises:
        ArtifactError: It is unreadable, or holds what `read_clean` refuses.
    """
    try:
        with pq.ParquetFile(part) as file:
            frame: pd.DataFrame = file.read_row_group(group, columns=list(chosen)).to_pandas()
    except (OSError, pa.ArrowInvalid) as error:
        raise ArtifactError(unreadable(part, error)) from error
    return _checked(frame, part)


def _checked(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    if fault := clean_fault(frame):
        raise ArtifactError(f"{path}: {fault} Clean the reviews again: python -m pipeline clean.")
    return frame
