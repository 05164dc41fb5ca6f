"""Reads and shapes the tables with one vector a name.

Messages give the rows of users instead of their names, since they are logged.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd

from recsys import columns
from recsys.arrays import BoolArray, FloatArray
from recsys.cleaning.faults import long_name
from storage.artifacts.frames import read_frame
from storage.artifacts.paths import ArtifactError

LARGEST_VALUE: Final = 1e9
"""Of an embedding, a scaled price or a similarity: products and sums of a network stay finite."""


@dataclass(frozen=True)
class Embeddings:
    """One vector per name.

    Attributes:
        names: (n,) object array of str.
        vectors: (n, d) float32.
        columns: The d names of the file's columns.
    """

    names: np.ndarray[tuple[int], np.dtype[np.object_]]
    vectors: FloatArray
    columns: tuple[str, ...]

    def column(self, name: str) -> FloatArray | None:
        """Values of one column (n,), None where the file doesn't have it."""
        if name not in self.columns:
            return None
        values: FloatArray = self.vectors[:, self.columns.index(name)].copy()
        return values

    def __repr__(self) -> str:
        """Name the number of vectors and their width."""
        return f"<Embeddings {self.vectors.shape[0]:,} names x {self.vectors.shape[1]}>"


def read_embeddings(path: Path, key: str) -> Embeddings:
    """Read a file with one row per name, indexed by `key`, and numeric columns only.

    Raises:
        ArtifactError: Missing or unreadable file, no `key`, no rows, a name that is
            missing, repeated or too long, a column that isn't numeric, or values that aren't
            finite or above `LARGEST_VALUE`.
    """
    frame = read_frame(path)
    if frame.index.name != key:
        if key not in frame.columns:
            raise ArtifactError(
                f"{path}: expected the index {key!r}, found the index {frame.index.name!r} "
                f"and the columns {list(frame.columns[:5])}."
            )
        frame = frame.set_index(key)
    if frame.empty:
        raise ArtifactError(f"{path}: has no rows or no columns; rebuild it with the pipeline.")
    _refuse_bad_names(frame.index, path, key)
    vectors = _as_float32(frame, path)
    return Embeddings(frame.index.to_numpy(dtype=object), vectors, tuple(map(str, frame.columns)))


def read_embedding_pair(first: Path, second: Path, key: str) -> tuple[Embeddings, Embeddings]:
    """Read two files about the same names, the second brought into the order of the first.

    Raises:
        ArtifactError: A file is bad, or they are not about the same names.
    """
    expected, found = read_embeddings(first, key), read_embeddings(second, key)
    if np.array_equal(found.names, expected.names):
        return expected, found
    order = pd.Index(found.names).get_indexer(pd.Index(expected.names))
    if len(found.names) != len(expected.names) or (order < 0).any():
        what = "users" if key == columns.USER else "items"
        raise ArtifactError(
            f"{second.name} has {len(found.names):,} {what} but its partner file has "
            f"{len(expected.names):,}, {int((order < 0).sum()):,} of which it lacks. "
            f"Rebuild both: python -m pipeline embed."
        )
    return expected, Embeddings(expected.names, found.vectors[order], found.columns)


def embeddings_frame(names: Sequence[str], vectors: FloatArray, key: str) -> pd.DataFrame:
    """Shape vectors (n, d) as the contract's frame: index `key`, columns "0" to "d-1"."""
    index = pd.Index(list(names), name=key, dtype="object")
    return pd.DataFrame(vectors, index=index, columns=[str(i) for i in range(vectors.shape[1])])


def _refuse_bad_names(index: pd.Index, path: Path, key: str) -> None:
    if fault := long_name(index.to_series(), key):
        raise ArtifactError(f"{path}: {fault} Rebuild it with the pipeline.")
    if index.hasnans:
        raise ArtifactError(f"{path}: {int(np.count_nonzero(index.isna())):,} rows have no {key}.")
    if not index.is_unique:
        twice = index.duplicated()
        raise ArtifactError(
            f"{path}: {np.count_nonzero(twice):,} rows repeat a {key}, {_first(twice, index)} for one; "
            f"expected one row per {key}."
        )


def _as_float32(frame: pd.DataFrame, path: Path) -> FloatArray:
    try:
        with np.errstate(over="ignore"):  # becomes infinite, which is refused
            vectors = frame.to_numpy(dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise ArtifactError(f"{path}: a column is not numeric: {error}") from error
    fits = (np.abs(vectors) <= LARGEST_VALUE).all(axis=1)
    if not fits.all():
        raise ArtifactError(
            f"{path}: {np.count_nonzero(~fits):,} of {len(fits):,} rows hold NaN or infinite values "
            f"or some above {LARGEST_VALUE:g}; the first is {_first(~fits, frame.index)}."
        )
    return vectors


def _first(marked: BoolArray, index: pd.Index) -> str:
    """Show the first marked name if it is an item's, else its row: users stay out of logs."""
    row = int(np.argmax(marked))
    return repr(index[row]) if index.name == columns.ITEM else f"row {row + 1:,}"
