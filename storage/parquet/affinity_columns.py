"""The columns of the file of item similarities, read a row group at a time."""

from __future__ import annotations

from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
from numpy.typing import NDArray

from recsys import columns
from recsys.arrays import FloatArray, ItemRows
from recsys.cleaning.faults import long_name
from storage.artifacts import LARGEST_VALUE, ArtifactError

SIMILARITY: Final = "kernel"
NEIGHBOR: Final = "neighbour"
WEIGHT: Final = "weight"
RECENCY_DECAY: Final = "recency_decay"
COLUMNS: Final = (SIMILARITY, columns.ITEM, NEIGHBOR, WEIGHT, RECENCY_DECAY)
REBUILD: Final = "Train the ranker again: python -m pipeline train."


class Similarities:
    """The similarities found so far, and their decays."""

    def __init__(self) -> None:
        self.names: list[str] = []
        self._lowest: list[float] = []
        self._highest: list[float] = []

    def numbers(self, table: pa.Table, place: str) -> NDArray[np.int32]:
        """Number the similarity of each row, in the order of their first rows."""
        codes, dictionary = codes_of(table, SIMILARITY, place)
        present, first = np.unique(codes, return_index=True)
        numbers = np.zeros(len(dictionary), dtype=np.int32)
        for code in present[np.argsort(first)]:
            name = dictionary[int(code)].as_py()
            if name not in self.names:
                if fault := long_name(pd.Series([name]), SIMILARITY):
                    raise ArtifactError(f"{place}: {fault} {REBUILD}")
                self.names.append(name)
                self._lowest.append(np.inf)
                self._highest.append(-np.inf)
            numbers[code] = self.names.index(name)
        return numbers[codes]

    def note_decays(self, numbers: NDArray[np.int32], decays: NDArray[np.float32]) -> None:
        """Note the decays of rows of similarities by their numbers."""
        for number in np.unique(numbers):
            own = decays[numbers == number]
            self._lowest[number] = min(self._lowest[number], float(own.min()))
            self._highest[number] = max(self._highest[number], float(own.max()))

    def decays(self, path: Path) -> NDArray[np.float32]:
        """Return the decay of each similarity; refuse several of one."""
        for name, low, high in zip(self.names, self._lowest, self._highest, strict=True):
            if low != high or low < 0:
                raise ArtifactError(
                    f"{path}: {RECENCY_DECAY!r} of the similarity {name!r} runs from {low:g} to "
                    f"{high:g}; expected one number, at least 0. {REBUILD}"
                )
        return np.array(self._lowest, dtype=np.float32)


class ItemRowsByName:
    """Looks item rows up; names that are those of the row group before aren't looked up again."""

    def __init__(self, items: pd.Index) -> None:
        self._items = items
        self._dictionary: pa.Array | None = None
        self._rows = np.empty(0, dtype=np.int32)

    @property
    def n_items(self) -> int:
        """Items of the catalog."""
        return len(self._items)

    def rows(self, table: pa.Table, column: str, place: str) -> ItemRows:
        """Return the item rows of a column of names, (n,)."""
        codes, dictionary = codes_of(table, column, place)
        if self._dictionary is None or not self._dictionary.equals(dictionary):
            names = pd.Series(dictionary.to_pylist(), dtype="str")
            if fault := long_name(names, column):
                raise ArtifactError(f"{place}: {fault} {REBUILD}")
            self._rows = self._items.get_indexer(pd.Index(names)).astype(np.int32)
            self._dictionary = dictionary
        rows: ItemRows = self._rows[codes]
        if (rows < 0).any():
            used = np.unique(codes)
            unknown = used[self._rows[used] < 0]
            raise ArtifactError(
                f"{place}: {len(unknown):,} of {len(used):,} names in {column!r} are not among the "
                f"{len(self._items):,} items of the catalog, {dictionary[int(unknown[0])].as_py()!r} "
                f"for one. {REBUILD}"
            )
        return rows


def codes_of(table: pa.Table, column: str, place: str) -> tuple[NDArray[np.int32], pa.Array]:
    """Read a column of names as codes, and the names that the codes stand for."""
    values = table.column(column)
    if values.null_count:
        raise ArtifactError(f"{place}: {values.null_count:,} rows have no {column}. {REBUILD}")
    if not pa.types.is_dictionary(values.type):
        values = values.cast(pa.string()).dictionary_encode()
    joined = values.combine_chunks()
    whole = joined.unify_dictionaries().chunk(0) if isinstance(joined, pa.ChunkedArray) else joined
    return whole.indices.to_numpy(zero_copy_only=False).astype(np.int32), whole.dictionary


def numbers_of(table: pa.Table, column: str, place: str) -> FloatArray:
    """Read a column of finite numbers (n,)."""
    try:
        with np.errstate(over="ignore"):  # becomes infinite, which is refused
            values: NDArray[np.float32] = table.column(column).to_numpy().astype(np.float32)
    except (TypeError, ValueError) as error:
        raise ArtifactError(f"{place}: {column!r} is not numeric: {error}. {REBUILD}") from error
    n_bad = int(np.count_nonzero(~(np.abs(values) <= LARGEST_VALUE)))
    if n_bad:
        raise ArtifactError(
            f"{place}: {n_bad:,} of {len(values):,} values of {column!r} are NaN or infinite, or "
            f"above {LARGEST_VALUE:g}. {REBUILD}"
        )
    return values
