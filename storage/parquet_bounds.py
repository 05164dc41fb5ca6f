"""Refuses parquet files that would take more memory than a build has, before they are read."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import Final

import pyarrow as pa
import pyarrow.parquet as pq

from storage.artifacts import ArtifactError

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
        found = pq.read_metadata(path)
    except (OSError, pa.ArrowException):
        return
    sizes: dict[str, int] = {}
    for group in range(found.num_row_groups):
        for number in range(found.num_columns):
            chunk = found.row_group(group).column(number)
            if wanted is None or chunk.path_in_schema in wanted:
                size = sizes.get(chunk.path_in_schema, 0)
                sizes[chunk.path_in_schema] = size + chunk.total_uncompressed_size
    total = max(sum(sizes.values()), found.num_rows * len(sizes) * VALUE_BYTES)
    if total > memory_mb * 1_000_000:
        raise ArtifactError(
            f"{path} holds {found.num_rows:,} rows, {total / 1e6:,.0f} MB in memory, more than "
            f"BUILD_MEMORY_MB={memory_mb} allows. Rebuild it with the pipeline, or raise the limit."
        )
    for name, size in sizes.items():
        if size > found.num_rows * MOST_BYTES_A_VALUE + ALWAYS_ALLOWED_BYTES:
            raise ArtifactError(
                f"{path}: the column {name!r} holds {size / 1e6:,.0f} MB in {found.num_rows:,} rows, "
                f"more than {MOST_BYTES_A_VALUE:,} bytes a row. Rebuild it with the pipeline."
            )
