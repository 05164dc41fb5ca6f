"""Reads and writes the files that cross from the pipeline to the service.

Reading tolerates what doesn't matter (extra columns, an index kept as a column) and is
strict about what does: names, widths and finite values. Writing is
atomic: a reader sees the old file or the new one, never a part.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from pandas.api.types import is_datetime64_any_dtype, is_numeric_dtype

from recsys import columns
from recsys.arrays import FloatArray
from storage.atomic import replacing


class ArtifactError(ValueError):
    """A file of the artifact set is missing, unreadable or doesn't fit the others."""


@dataclass(frozen=True)
class ArtifactPaths:
    """Where each file of the artifact set lies."""

    clean: Path
    item_desc: Path
    item_price: Path
    user_review: Path
    user_item: Path
    model: Path
    item_affinity: Path

    @classmethod
    def in_folders(cls, data: Path, embeddings: Path, models: Path) -> ArtifactPaths:
        """Name the files inside the three folders, as DATA_PATH and its kin point to them.

        `item_affinity` is optional: a network that reads no affinities needs none.
        """
        return cls(
            clean=data / "clean_df.pq",
            item_desc=embeddings / "item_desc_emb_df.pq",
            item_price=embeddings / "item_price_df.pq",
            user_review=embeddings / "user_review_emb_df.pq",
            user_item=embeddings / "user_item_emb_df.pq",
            model=models / "best_model.keras",
            item_affinity=embeddings / "item_affinity_df.pq",
        )


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
            missing or repeated, a column that isn't numeric, or values that aren't finite.
    """
    frame = _read_parquet(path)
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


def read_clean(path: Path, wanted: Sequence[str] | None = None) -> pd.DataFrame:
    """Read `clean_df.pq`: the `wanted` columns, optional ones only where the file has them.

    Raises:
        ArtifactError: Missing or unreadable file, or a column of the contract is absent,
            holds something else than numbers or times, or lacks a time.
    """
    schema = _read_schema(path)
    required = set(columns.CLEAN_COLUMNS if wanted is None else wanted)
    required -= set(columns.OPTIONAL_CLEAN_COLUMNS)
    missing = sorted(required - set(schema))
    if missing:
        raise ArtifactError(f"{path}: lacks the columns {missing}; it has {schema}.")
    chosen = schema if wanted is None else [name for name in wanted if name in schema]
    frame = _read_parquet(path, chosen)
    _refuse_other_types(frame, path)
    _refuse_missing_times(frame, path)
    return frame


def embeddings_frame(names: Sequence[str], vectors: FloatArray, key: str) -> pd.DataFrame:
    """Shape vectors (n, d) as the contract's frame: index `key`, columns "0" to "d-1"."""
    index = pd.Index(list(names), name=key, dtype="object")
    return pd.DataFrame(vectors, index=index, columns=[str(i) for i in range(vectors.shape[1])])


def write_frame(frame: pd.DataFrame, path: Path) -> None:
    """Write a frame as parquet, atomically.

    Floats are stored byte by byte of equal weight (BYTE_STREAM_SPLIT), which lets zstd
    halve vectors whose last bits are zero; any parquet reader undoes it.
    """
    table = pa.Table.from_pandas(frame)
    floats = [field.name for field in table.schema if pa.types.is_floating(field.type)]
    with replacing(path) as unfinished:
        pq.write_table(
            table,
            unfinished,
            compression="zstd",
            compression_level=9,
            use_dictionary=[name for name in table.column_names if name not in floats],
            use_byte_stream_split=floats or False,
        )


def missing_file_message(path: Path) -> str:
    """Explain that a file of the artifact set is missing, and how to get it."""
    return (
        f"{path} is missing. Make it with `make pipeline REVIEWS=FILE`, "
        f"fetch it with ./download_data.sh, or use the sample: make sample."
    )


def _read_schema(path: Path) -> list[str]:
    try:
        return list(pq.read_schema(path).names)
    except (OSError, pa.ArrowInvalid) as error:
        raise ArtifactError(_unreadable(path, error)) from error


def _read_parquet(path: Path, chosen: Sequence[str] | None = None) -> pd.DataFrame:
    try:
        return pd.read_parquet(path, columns=None if chosen is None else list(chosen))
    except (OSError, pa.ArrowInvalid) as error:
        raise ArtifactError(_unreadable(path, error)) from error


def _unreadable(path: Path, error: Exception) -> str:
    if not path.exists():
        return missing_file_message(path)
    reason = str(error).splitlines()[0]
    return f"{path} ({path.stat().st_size:,} bytes) is not a readable parquet file: {reason}"


def _refuse_bad_names(index: pd.Index, path: Path, key: str) -> None:
    if index.hasnans:
        raise ArtifactError(f"{path}: {int(np.count_nonzero(index.isna())):,} rows have no {key}.")
    if not index.is_unique:
        twice = index[index.duplicated()]
        raise ArtifactError(
            f"{path}: {len(twice):,} rows repeat a {key}, {twice[0]!r} among them; "
            f"expected one row per {key}."
        )


def _refuse_other_types(frame: pd.DataFrame, path: Path) -> None:
    """Refuse ratings and prices that aren't numbers, and times that aren't times."""
    for name, expected, is_one in (
        (columns.RATING, "numbers", is_numeric_dtype),
        (columns.PRICE, "numbers", is_numeric_dtype),
        (columns.REVIEW_TIME, "times", is_datetime64_any_dtype),
    ):
        # Parquet stores a column without any value as one without a type.
        if name in frame and not is_one(frame[name]) and frame[name].notna().any():
            first = frame[name].dropna().iloc[0]
            raise ArtifactError(
                f"{path}: the column {name!r} holds {frame[name].dtype}, {first!r} for one; "
                f"expected {expected}. Clean the reviews again: python -m pipeline clean."
            )


def _refuse_missing_times(frame: pd.DataFrame, path: Path) -> None:
    """A row without a time has no place in any history, and belongs to no part of a split."""
    if columns.REVIEW_TIME in frame and (n_missing := int(frame[columns.REVIEW_TIME].isna().sum())):
        raise ArtifactError(
            f"{path}: {n_missing:,} of {len(frame):,} rows have no {columns.REVIEW_TIME}. "
            f"Clean the reviews again: python -m pipeline clean."
        )


def _as_float32(frame: pd.DataFrame, path: Path) -> FloatArray:
    try:
        vectors = frame.to_numpy(dtype=np.float32)
    except (TypeError, ValueError) as error:
        raise ArtifactError(f"{path}: a column is not numeric: {error}") from error
    finite = np.isfinite(vectors).all(axis=1)
    if not finite.all():
        raise ArtifactError(
            f"{path}: {int(np.count_nonzero(~finite)):,} of {len(finite):,} rows hold NaN or infinite "
            f"values, the first is {frame.index[int(np.argmin(finite))]!r}."
        )
    return vectors
