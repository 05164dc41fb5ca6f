"""The file form of item similarities, `item_affinity_df.pq`: one row an entry.

| column | meaning |
|---|---|
| kernel | name of the kernel; kernels are ordered as they first appear |
| itemName, neighbor | both as in `item_desc_emb_df.pq`: having the item speaks for the neighbor |
| weight | float32, already on the scale of the affinity |
| recency_decay | float32, constant within a kernel |
"""

from __future__ import annotations

from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recsys import columns
from recsys.item_similarities import ItemSimilarities, stack_similarities
from storage.artifacts import ArtifactError, missing_file_message
from storage.atomic import replacing

KERNEL: Final = "kernel"
NEIGHBOR: Final = "neighbour"
WEIGHT: Final = "weight"
RECENCY_DECAY: Final = "recency_decay"
COLUMNS: Final = (KERNEL, columns.ITEM, NEIGHBOR, WEIGHT, RECENCY_DECAY)

_NAMES: Final = (KERNEL, columns.ITEM, NEIGHBOR)
_REBUILD: Final = "Train the ranker again: python -m pipeline train."


def read_similarities(path: Path, items: pd.Index) -> ItemSimilarities:
    """Read `item_affinity_df.pq` for a catalog.

    Args:
        path: The file.
        items: Names of all items, in item order.

    Raises:
        ArtifactError: Missing or unreadable file, a column is absent or no number, there are
            no rows, an item isn't in the catalog, a weight isn't finite, or a kernel has
            no or several decays.
    """
    table = _read_table(path)
    if not table.num_rows:
        raise ArtifactError(f"{path}: has no rows. {_REBUILD}")
    kernel, names = _codes(table, KERNEL, path)
    kernel, names = _as_they_appear(kernel, names)
    item, neighbor = (_rows(table, name, items, path) for name in (columns.ITEM, NEIGHBOR))
    weight, decay = (_numbers(table, name, path) for name in (WEIGHT, RECENCY_DECAY))
    entries = (kernel, item, neighbor, weight)
    decays = _decay_of_kernels(kernel, names, decay, path)
    return stack_similarities(names.tolist(), decays, entries, len(items))


def write_similarities(kernels: ItemSimilarities, items: pd.Index, path: Path) -> None:
    """Write kernels kernel by kernel, atomically; `read_similarities` gives them back."""
    counts = np.diff(kernels.starts)
    segment = np.repeat(np.arange(len(counts)), counts)
    kernel, item = segment % kernels.n_similarities, segment // kernels.n_similarities
    order = np.argsort(kernel, kind="stable")
    names = pa.array(items.astype(str))
    table = pa.table(
        {
            KERNEL: _dictionary(kernel[order], pa.array(kernels.names.tolist())),
            columns.ITEM: _dictionary(item[order], names),
            NEIGHBOR: _dictionary(kernels.neighbors[order], names),
            WEIGHT: kernels.weights[order],
            RECENCY_DECAY: kernels.recency_decay[kernel[order]],
        }
    )
    with replacing(path) as unfinished:
        pq.write_table(table, unfinished, compression="zstd")


def _dictionary(codes: NDArray[Any], names: pa.Array) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), names)


def _read_table(path: Path) -> pa.Table:
    try:
        found = pq.read_schema(path).names
        missing = [name for name in COLUMNS if name not in found]
        if missing:
            raise ArtifactError(f"{path}: lacks the columns {missing}; it has {found}. {_REBUILD}")
        # Names are read as codes: as strings, a hundred neighbors an item are gigabytes.
        return pq.read_table(path, columns=list(COLUMNS), read_dictionary=list(_NAMES))
    except (OSError, pa.ArrowInvalid) as error:
        if not path.exists():
            raise ArtifactError(missing_file_message(path)) from error
        reason = str(error).splitlines()[0]
        raise ArtifactError(f"{path} is no readable parquet file: {reason}") from error


def _codes(
    table: pa.Table, column: str, path: Path
) -> tuple[NDArray[np.int32], NDArray[np.object_]]:
    """A column of names as codes and the names that they stand for."""
    values = table.column(column)
    if values.null_count:
        raise ArtifactError(f"{path}: {values.null_count:,} rows have no {column}. {_REBUILD}")
    if not pa.types.is_dictionary(values.type):
        values = values.cast(pa.string()).dictionary_encode()
    joined = values.combine_chunks()
    whole = joined.unify_dictionaries().chunk(0) if isinstance(joined, pa.ChunkedArray) else joined
    codes = whole.indices.to_numpy(zero_copy_only=False).astype(np.int32)
    return codes, np.array(whole.dictionary.to_pylist(), dtype=object)


def _as_they_appear(
    codes: NDArray[np.int32], names: NDArray[np.object_]
) -> tuple[NDArray[np.int32], NDArray[np.object_]]:
    """Number the kernels in the order of their first rows."""
    present, first = np.unique(codes, return_index=True)
    order = present[np.argsort(first)]
    place = np.zeros(len(names), dtype=np.int32)
    place[order] = np.arange(len(order))
    return place[codes], names[order]


def _rows(table: pa.Table, column: str, items: pd.Index, path: Path) -> NDArray[np.int32]:
    """Item rows of a column of item names."""
    codes, names = _codes(table, column, path)
    rows = items.get_indexer(pd.Index(names.astype(str)))
    used = np.unique(codes)
    unknown = used[rows[used] < 0]
    if len(unknown):
        raise ArtifactError(
            f"{path}: {len(unknown):,} of {len(used):,} names in {column!r} are no items of the "
            f"catalog of {len(items):,}, {names[unknown[0]]!r} among them. {_REBUILD}"
        )
    return rows[codes].astype(np.int32)


def _numbers(table: pa.Table, column: str, path: Path) -> NDArray[np.float32]:
    try:
        values: NDArray[np.float32] = table.column(column).to_numpy().astype(np.float32)
    except (TypeError, ValueError) as error:
        raise ArtifactError(f"{path}: {column!r} is no number: {error}. {_REBUILD}") from error
    n_bad = int(np.count_nonzero(~np.isfinite(values)))
    if n_bad:
        raise ArtifactError(
            f"{path}: {n_bad:,} of {len(values):,} values of {column!r} are NaN or infinite. "
            f"{_REBUILD}"
        )
    return values


def _decay_of_kernels(
    kernel: NDArray[np.int32],
    names: NDArray[np.object_],
    decay: NDArray[np.float32],
    path: Path,
) -> NDArray[np.float32]:
    lowest = np.full(len(names), np.inf, dtype=np.float32)
    highest = np.full(len(names), -np.inf, dtype=np.float32)
    np.minimum.at(lowest, kernel, decay)
    np.maximum.at(highest, kernel, decay)
    for name, low, high in zip(names, lowest, highest, strict=True):
        if low != high or low < 0:
            raise ArtifactError(
                f"{path}: {RECENCY_DECAY!r} of the kernel {name!r} runs from {low:g} to {high:g}; "
                f"expected one number, at least 0. {_REBUILD}"
            )
    return lowest
