"""Buckets by ranges of names: read one after the other, they are in order of the names."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from pipeline.distributed.exchange import sampled, with_bucket


def sampled_names(names: pa.ChunkedArray) -> list[str]:
    """Sample the distinct known names of a chunk evenly."""
    distinct = pc.unique(names.drop_null())
    return sampled(distinct.take(pc.array_sort_indices(distinct)).to_pylist())


def by_range(rows: pa.Table, name: str, ends: Sequence[str]) -> pa.Table:
    """Give rows their bucket by a column of names; rows without a name are left out.

    Args:
        rows: Any rows.
        name: The column.
        ends: As `exchange.range_ends` gives them.
    """
    known = rows.filter(pc.is_valid(rows.column(name)))
    codes = known.column(name).combine_chunks().dictionary_encode()
    distinct = codes.dictionary.to_numpy(zero_copy_only=False)
    buckets = np.searchsorted(np.array(ends, dtype=object), distinct, side="right")
    return with_bucket(known, buckets[codes.indices.to_numpy()])
