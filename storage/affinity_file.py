"""The file of item similarities, `item_affinity_df.pq`: one row per entry.

| column | meaning |
|---|---|
| kernel | name of the similarity; similarities are ordered by their first rows |
| itemName, neighbour | names as in `item_desc_emb_df.pq`: the item speaks for the neighbor |
| weight | float32, on the scale of the affinity |
| recency_decay | float32, constant within a similarity |
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
from recsys.cleaning.faults import long_name
from recsys.item_similarities import ItemSimilarities, stack_similarities
from storage.artifacts import LARGEST_VALUE, ArtifactError, missing_file_message
from storage.atomic import replacing
from storage.parquet.parts import read_schema, read_table

SIMILARITY: Final = "kernel"
NEIGHBOR: Final = "neighbour"
WEIGHT: Final = "weight"
RECENCY_DECAY: Final = "recency_decay"
COLUMNS: Final = (SIMILARITY, columns.ITEM, NEIGHBOR, WEIGHT, RECENCY_DECAY)

_NAMES: Final = (SIMILARITY, columns.ITEM, NEIGHBOR)
_REBUILD: Final = "Train the ranker again: python -m pipeline train."


def read_similarities(path: Path, items: pd.Index) -> ItemSimilarities:
    """Read `item_affinity_df.pq` for a catalog.

    Args:
        path: The file.
        items: Names of all items of the catalog, in item order.

    Raises:
        ArtifactError: The file is missing, unreadable or empty, a column is absent or not
            numeric, an item isn't in the catalog, a name is too long, a weight isn't finite
            or above `LARGEST_VALUE`, or a similarity has several decays.
    """
    table = _read_table(path)
    if not table.num_rows:
        raise ArtifactError(f"{path}: has no rows. {_REBUILD}")
    similarity, names = _as_they_appear(*_codes(table, SIMILARITY, path))
    item, neighbor = (_rows(table, name, items, path) for name in (columns.ITEM, NEIGHBOR))
    weight, decay = (_numbers(table, name, path) for name in (WEIGHT, RECENCY_DECAY))
    entries = (similarity, item, neighbor, weight)
    decays = _checked_decays(similarity, names, decay, path)
    return stack_similarities(names.tolist(), decays, entries, len(items))


def write_similarities(similarities: ItemSimilarities, items: pd.Index, path: Path) -> None:
    """Write one similarity after the other, atomically, for `read_similarities`."""
    counts = np.diff(similarities.starts)
    segment = np.repeat(np.arange(len(counts)), counts)
    item, similarity = np.divmod(segment, similarities.n_similarities)
    order = np.argsort(similarity, kind="stable")
    names = pa.array(items.astype(str))
    table = pa.table(
        {
            SIMILARITY: _dictionary(similarity[order], pa.array(similarities.names.tolist())),
            columns.ITEM: _dictionary(item[order], names),
            NEIGHBOR: _dictionary(similarities.neighbors[order], names),
            WEIGHT: similarities.weights[order],
            RECENCY_DECAY: similarities.recency_decay[similarity[order]],
        }
    )
    with replacing(path) as unfinished:
        pq.write_table(table, unfinished, compression="zstd")


def _dictionary(codes: NDArray[Any], names: pa.Array) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes.astype(np.int32)), names)


def _read_table(path: Path) -> pa.Table:
    try:
        found = read_schema(path).names
        missing = [name for name in COLUMNS if name not in found]
        if missing:
            raise ArtifactError(f"{path}: lacks the columns {missing}; it has {found}. {_REBUILD}")
        # Names are read as codes: as strings, a hundred neighbors an item are gigabytes.
        return read_table(path, COLUMNS, codes=_NAMES)
    except (OSError, pa.ArrowInvalid) as error:
        if not path.exists():
            raise ArtifactError(missing_file_message(path)) from error
        reason = str(error).splitlines()[0]
        raise ArtifactError(f"{path} is not a readable parquet file: {reason}") from error


def _codes(
    table: pa.Table, column: str, path: Path
) -> tuple[NDArray[np.int32], NDArray[np.object_]]:
    """Read a column of names as codes, and the names that the codes stand for."""
    values = table.column(column)
    if values.null_count:
        raise ArtifactError(f"{path}: {values.null_count:,} rows have no {column}. {_REBUILD}")
    if not pa.types.is_dictionary(values.type):
        values = values.cast(pa.string()).dictionary_encode()
    joined = values.combine_chunks()
    whole = joined.unify_dictionaries().chunk(0) if isinstance(joined, pa.ChunkedArray) else joined
    codes = whole.indices.to_numpy(zero_copy_only=False).astype(np.int32)
    names = np.array(whole.dictionary.to_pylist(), dtype=object)
    if fault := long_name(pd.Series(names), column):
        raise ArtifactError(f"{path}: {fault} {_REBUILD}")
    return codes, names


def _as_they_appear(
    codes: NDArray[np.int32], names: NDArray[np.object_]
) -> tuple[NDArray[np.int32], NDArray[np.object_]]:
    """Number the similarities in the order of their first rows."""
    present, first = np.unique(codes, return_index=True)
    order = present[np.argsort(first)]
    place = np.zeros(len(names), dtype=np.int32)
    place[order] = np.arange(len(order))
    return place[codes], names[order]


def _rows(table: pa.Table, column: str, items: pd.Index, path: Path) -> NDArray[np.int32]:
    """Look up the item rows of a column of item names."""
    codes, names = _codes(table, column, path)
    rows = items.get_indexer(pd.Index(names, dtype="str"))
    used = np.unique(codes)
    unknown = used[rows[used] < 0]
    if len(unknown):
        raise ArtifactError(
            f"{path}: {len(unknown):,} of {len(used):,} names in {column!r} are not among "
            f"the {len(items):,} items of the catalog, {names[unknown[0]]!r} for one. {_REBUILD}"
        )
    return rows[codes].astype(np.int32)


def _numbers(table: pa.Table, column: str, path: Path) -> NDArray[np.float32]:
    try:
        with np.errstate(over="ignore"):  # becomes infinite, which is refused
            values: NDArray[np.float32] = table.column(column).to_numpy().astype(np.float32)
    except (TypeError, ValueError) as error:
        raise ArtifactError(f"{path}: {column!r} is not numeric: {error}. {_REBUILD}") from error
    n_bad = int(np.count_nonzero(~(np.abs(values) <= LARGEST_VALUE)))
    if n_bad:
        raise ArtifactError(
            f"{path}: {n_bad:,} of {len(values):,} values of {column!r} are NaN or infinite, or "
            f"above {LARGEST_VALUE:g}. {_REBUILD}"
        )
    return values


def _checked_decays(
    similarity: NDArray[np.int32],
    names: NDArray[np.object_],
    decay: NDArray[np.float32],
    path: Path,
) -> NDArray[np.float32]:
    lowest = np.full(len(names), np.inf, dtype=np.float32)
    highest = np.full(len(names), -np.inf, dtype=np.float32)
    np.minimum.at(lowest, similarity, decay)
    np.maximum.at(highest, similarity, decay)
    for name, low, high in zip(names, lowest, highest, strict=True):
        if low != high or low < 0:
            raise ArtifactError(
                f"{path}: {RECENCY_DECAY!r} of the similarity {name!r} runs from {low:g} to {high:g}; "
                f"expected one number, at least 0. {_REBUILD}"
            )
    return lowest
