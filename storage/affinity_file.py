"""The file of item similarities, `item_affinity_df.pq`: one row per entry.

| column | meaning |
|---|---|
| kernel | name of the similarity; similarities are ordered by their first rows |
| itemName, neighbour | names as in `item_desc_emb_df.pq`: the item speaks for the neighbor |
| weight | float32, on the scale of the affinity |
| recency_decay | float32, constant within a similarity |

A hundred neighbors an item are gigabytes, so the file is written by ranges of items and read by
row groups, twice: first to count the entries of each item, then to put them in their places.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from itertools import chain
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from recsys import columns
from recsys.arrays import ItemRows
from recsys.item_similarities import ItemSimilarities
from storage.artifacts.frames import unreadable
from storage.artifacts.paths import ArtifactError
from storage.atomic import replacing
from storage.parquet.affinity_columns import (
    COLUMNS,
    NEIGHBOR,
    REBUILD,
    RECENCY_DECAY,
    SIMILARITY,
    WEIGHT,
    ItemRowsByName,
    Similarities,
    numbers_of,
)
from storage.parquet.parts import parts_of

_NAMES: Final = (SIMILARITY, columns.ITEM, NEIGHBOR)
_ITEMS_A_GROUP: Final = 40_000

Piece = tuple[str, pa.Table]
"""Where a row group is, in words, and its rows."""


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
    similarities, speaking, spoken_for = (
        Similarities(),
        ItemRowsByName(items),
        ItemRowsByName(items),
    )
    counts = _counts(path, similarities, speaking)
    decays, n = similarities.decays(path), len(similarities.names)
    starts = np.concatenate([[0], np.cumsum(counts.T.reshape(-1))]).astype(np.int64)
    neighbors, weights = np.empty(starts[-1], np.int32), np.empty(starts[-1], np.float32)
    free = starts[:-1].copy()
    for place, table in _pieces(path, (*_NAMES, WEIGHT)):
        keys = speaking.rows(table, columns.ITEM, place).astype(np.int64) * n
        order, to = _places(keys + similarities.numbers(table, place), free)
        neighbors[to] = spoken_for.rows(table, NEIGHBOR, place)[order]
        weights[to] = numbers_of(table, WEIGHT, place)[order]
    return ItemSimilarities(
        np.array(similarities.names, dtype=np.str_), decays, starts, neighbors, weights
    )


def write_similarities(similarities: ItemSimilarities, items: pd.Index, path: Path) -> None:
    """Write one similarity after the other, atomically, for `read_similarities`."""
    names = pa.array(items.astype(str)), pa.array(similarities.names.tolist())
    with replacing(path) as unfinished:
        tables = _tables(similarities, *names)
        first = next(tables)
        with pq.ParquetWriter(unfinished, first.schema, compression="zstd") as writer:
            for table in chain([first], tables):
                writer.write_table(table, row_group_size=max(table.num_rows, 1))


def _tables(similarities: ItemSimilarities, items: pa.Array, names: pa.Array) -> Iterator[pa.Table]:
    """Yield the rows of ranges of items, similarity by similarity."""
    n = similarities.n_similarities
    for number in range(n):
        starts = similarities.starts[number:-1:n]
        counts = similarities.starts[number + 1 :: n] - starts
        for first in range(0, len(starts), _ITEMS_A_GROUP):
            some = slice(first, first + _ITEMS_A_GROUP)
            before = np.cumsum(counts[some]) - counts[some]
            entries = np.repeat(starts[some] - before, counts[some])
            entries += np.arange(len(entries))
            owners = np.arange(first, first + len(before), dtype=np.int32)
            decay = similarities.recency_decay[number]
            yield pa.table(
                {
                    SIMILARITY: _dictionary(np.full(len(entries), number, np.int32), names),
                    columns.ITEM: _dictionary(np.repeat(owners, counts[some]), items),
                    NEIGHBOR: _dictionary(similarities.neighbors[entries], items),
                    WEIGHT: similarities.weights[entries],
                    RECENCY_DECAY: np.full(len(entries), decay, np.float32),
                }
            )


def _dictionary(codes: ItemRows, names: pa.Array) -> pa.DictionaryArray:
    return pa.DictionaryArray.from_arrays(pa.array(codes), names)


def _pieces(path: Path, chosen: Sequence[str]) -> Iterator[Piece]:
    """Read some columns, a row group at a time."""
    try:
        for part in parts_of(path):
            found = pq.read_schema(part).names
            if missing := [name for name in COLUMNS if name not in found]:
                raise ArtifactError(
                    f"{part}: lacks the columns {missing}; it has {found}. {REBUILD}"
                )
            with pq.ParquetFile(part, read_dictionary=list(_NAMES)) as file:
                for number in range(file.num_row_groups):
                    place = f"{part}, row group {number + 1} of {file.num_row_groups}"
                    yield place, file.read_row_group(number, columns=list(chosen))
    except (OSError, pa.ArrowInvalid) as error:
        raise ArtifactError(unreadable(path, error)) from error


def _counts(path: Path, similarities: Similarities, speaking: ItemRowsByName) -> NDArray[np.int64]:
    """Count the entries of each item in each similarity, (C, n_items), and note these and decays."""
    counts = np.zeros((0, speaking.n_items), dtype=np.int64)
    for place, table in _pieces(path, (SIMILARITY, columns.ITEM, RECENCY_DECAY)):
        numbers = similarities.numbers(table, place)
        similarities.note_decays(numbers, numbers_of(table, RECENCY_DECAY, place))
        counts.resize((len(similarities.names), speaking.n_items), refcheck=False)
        rows = speaking.rows(table, columns.ITEM, place)
        for number in np.unique(numbers):
            counts[number] += np.bincount(rows[numbers == number], minlength=speaking.n_items)
    if not similarities.names:
        raise ArtifactError(f"{path}: has no rows. {REBUILD}")
    return counts


def _places(
    keys: NDArray[np.int64], free: NDArray[np.int64]
) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Find the places of entries in their compressed rows, which fill up in order.

    Args:
        keys: (n,) the row of each entry.
        free: (n_rows,) the next free place of each row, to write to.

    Returns:
        The order of the entries by row, (n,), and the place of each in that order.
    """
    order = np.argsort(keys, kind="stable")
    ordered = keys[order]
    firsts = np.flatnonzero(np.diff(ordered, prepend=-1))
    lengths = np.diff(firsts, append=len(ordered))
    to = np.repeat(free[ordered[firsts]] - firsts, lengths) + np.arange(len(ordered))
    free[ordered[firsts]] += lengths
    return order, to
