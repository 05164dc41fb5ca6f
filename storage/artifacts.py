"""Reads and writes the files that cross from the pipeline to the service.

Reading tolerates what doesn't matter (extra columns, an index kept as a column) and is
strict about what does: names, widths, and values that no review can have. Messages give the
rows of users instead of their names, since they are logged. A table may be a folder of parts,
`storage.parquet.parts`. Writing is atomic: a reader sees the old file or the new one, never a part.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq

from recsys import columns
from recsys.arrays import BoolArray, FloatArray
from recsys.cleaning.faults import clean_fault, long_name
from storage.atomic import replacing
from storage.parquet.parts import read_schema, read_table, size_of

LARGEST_VALUE: Final = 1e9
"""Of an embedding, a scaled price or a similarity: products and sums of a network stay finite."""

MEAN_RATING_NOTE: Final = "history_mean_rating"
"""Note of `item_price_df.pq`: the mean rating of all histories when the model was trained."""


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
            missing, repeated or too long, a column that isn't numeric, or values that aren't
            finite or above `LARGEST_VALUE`.
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
            holds something else than numbers or times, lacks a time, or holds a name, rating
            or price that no review can have.
    """
    return _checked(_read_parquet(path, clean_columns(path, wanted)), path)


def clean_columns(path: Path, wanted: Sequence[str] | None = None) -> list[str]:
    """List those of the `wanted` columns that a `clean_df.pq` has; see `read_clean`.

    The kinds of interactions come with the ratings, which only some kinds have.

    Raises:
        ArtifactError: Missing or unreadable file, or a column of the contract is absent.
    """
    schema = list(_schema_of(path).names)
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
        raise ArtifactError(_unreadable(part, error)) from error
    return _checked(frame, part)


def _checked(frame: pd.DataFrame, path: Path) -> pd.DataFrame:
    if fault := clean_fault(frame):
        raise ArtifactError(f"{path}: {fault} Clean the reviews again: python -m pipeline clean.")
    return frame


def embeddings_frame(names: Sequence[str], vectors: FloatArray, key: str) -> pd.DataFrame:
    """Shape vectors (n, d) as the contract's frame: index `key`, columns "0" to "d-1"."""
    index = pd.Index(list(names), name=key, dtype="object")
    return pd.DataFrame(vectors, index=index, columns=[str(i) for i in range(vectors.shape[1])])


def write_frame(frame: pd.DataFrame, path: Path, notes: Mapping[str, str] | None = None) -> None:
    """Write a frame as parquet, atomically.

    Notes about the whole frame go into the metadata of the file's schema, see `read_note`.

    Floats are stored byte by byte of equal weight (BYTE_STREAM_SPLIT), which lets zstd
    halve vectors whose last bits are zero; any parquet reader undoes it.
    """
    table = pa.Table.from_pandas(frame)
    if notes:
        table = table.replace_schema_metadata({**(table.schema.metadata or {}), **notes})
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


def read_note(path: Path, name: str) -> str | None:
    """Read a note that `write_frame` wrote with a frame; None where the file has none.

    Raises:
        ArtifactError: Missing or unreadable file.
    """
    note = (_schema_of(path).metadata or {}).get(name.encode())
    return None if note is None else note.decode()


def missing_file_message(path: Path) -> str:
    """Explain that a file of the artifact set is missing, and how to get it."""
    return (
        f"{path} is missing. Make it with `make pipeline REVIEWS=FILE`, "
        f"fetch it with ./download_data.sh, or use the sample: make sample."
    )


def _schema_of(path: Path) -> pa.Schema:
    try:
        return read_schema(path)
    except (OSError, pa.ArrowInvalid) as error:
        raise ArtifactError(_unreadable(path, error)) from error


def _read_parquet(path: Path, chosen: Sequence[str] | None = None) -> pd.DataFrame:
    try:
        frame: pd.DataFrame = read_table(path, chosen).to_pandas()
    except (OSError, pa.ArrowInvalid) as error:
        raise ArtifactError(_unreadable(path, error)) from error
    return frame


def _unreadable(path: Path, error: Exception) -> str:
    if not path.exists():
        return missing_file_message(path)
    reason = str(error).splitlines()[0]
    what = "folder of parquet files" if path.is_dir() else "parquet file"
    size = "" if isinstance(error, FileNotFoundError) else f" ({size_of(path):,} bytes)"
    return f"{path}{size} is not a readable {what}: {reason}"


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
