"""Refuses parquet files that would take more memory than a build has, before they are read."""

from __future__ import annotations

from collections import Counter
from collections.abc import Collection, Iterable
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from storage.artifacts import ArtifactError
from storage.parquet.parts import parts_of

VALUE_BYTES: Final = 8
"""What a number, or a reference to a text, takes in memory."""
MOST_BYTES_A_VALUE: Final = 2_000
"""On average over a column; names and titles are shorter, numbers far shorter."""
ALWAYS_ALLOWED_BYTES: Final = 1_000_000


def refuse_oversized(path: Path, memory_mb: int, wanted: Collection[str] | None = None) -> None:
    """Compare what a file's own description says of its content with what is allowed.

    A file that can't be read is left to its reader, which says what is wrong with it.

    Args:
        path: The file.
        memory_mb: What the build may take.
        wanted: Columns that are going to be read; all of them by default.

    Raises:
        ArtifactError: The columns are larger than `memory_mb`, or one of them holds far more
            bytes than its rows explain, as a compression bomb does.
    """
    try:
        found = [pq.read_metadata(part) for part in parts_of(path)]
    except (OSError, pa.ArrowException):
        return
    n_rows = sum(part.num_rows for part in found)
    sizes = _column_sizes(found, wanted)
    total = max(sum(sizes.values()), n_rows * len(sizes) * VALUE_BYTES)
    if total > memory_mb * 1_000_000:
        raise ArtifactError(
            f"{path} holds {n_rows:,} rows, {total / 1e6:,.0f} MB in memory, more than "
            f"BUILD_MEMORY_MB={memory_mb} allows. Rebuild it with the pipeline, or raise the limit."
        )
    for name, size in sizes.items():
        if size > n_rows * MOST_BYTES_A_VALUE + ALWAYS_ALLOWED_BYTES:
            raise ArtifactError(
                f"{path}: the column {name!r} holds {size / 1e6:,.0f} MB in {n_rows:,} rows, "
                f"more than {MOST_BYTES_A_VALUE:,} bytes a row. Rebuild it with the pipeline."
            )


def _column_sizes(found: Iterable[pq.FileMetaData], wanted: Collection[str] | None) -> Counter[str]:
    """Sum the unpacked bytes of each wanted column over all files."""
    sizes: Counter[str] = Counter()
    for part in found:
        for group in map(part.row_group, range(part.num_row_groups)):
            for chunk in map(group.column, range(part.num_columns)):
                if wanted is None or chunk.path_in_schema in wanted:
                    sizes[chunk.path_in_schema] += chunk.total_uncompressed_size
    return sizes
