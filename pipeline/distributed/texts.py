"""The texts of `embed --engine ray` and their vectors, each with the one whose text it is.

A text belongs to the place of an item or a user in a bucket; of a user's texts the slot says which
is newer. Its vector goes back there by these numbers.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final, NamedTuple

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.distributed.cluster import n_cores, n_gpus
from pipeline.distributed.exchange import (
    Facts,
    collected,
    each_of,
    facts_of_buckets,
    facts_table,
    n_buckets,
    with_bucket,
)
from pipeline.distributed.parts import filled_parts, write_part
from pipeline.distributed.progress import Told
from pipeline.embed.cache import EmbeddingCache, TextEncoder, encode_texts, text_keys
from pipeline.embed.text_groups import group_count, text_groups
from recsys.arrays import HalfArray
from storage.parquet.parts import parts_of

if TYPE_CHECKING:
    from ray.data import Dataset

ITEM: Final = 0
USER: Final = 1

KIND: Final = "kind"
OWNER: Final = "owner_bucket"
PLACE: Final = "place"
SLOT: Final = "slot"
TEXT: Final = "text"
VECTOR: Final = "vector"

_KEY: Final = "key"
_KEYS_A_BUCKET: Final = 1_000_000
_CORES_LEFT: Final = 0.1  # of a core an encoder, for what hands it its work


class PlacedVectors(NamedTuple):
    """Vectors (n, d) float16 in order of place and slot, and the place of each."""

    places: NDArray[np.int64]
    vectors: HalfArray


def text_table(
    kind: int, bucket: int, places: NDArray[Any], slots: NDArray[Any], texts: Sequence[str] | Any
) -> pa.Table:
    """List the texts of a bucket: (n,) places in the bucket, slots and texts."""
    n = len(places)
    return pa.table(
        {
            KIND: np.full(n, kind, dtype=np.int8),
            OWNER: np.full(n, bucket, dtype=np.int32),
            PLACE: places.astype(np.int64),
            SLOT: slots.astype(np.int32),
            TEXT: pa.array(texts, pa.large_string()),
        }
    )


def count_missing(texts: Sequence[Path], cache_folder: Path | None, encoder: TextEncoder) -> int:
    """Count the distinct texts that have to be encoded."""
    n_rows = sum(int(pq.read_metadata(p).num_rows) for folder in texts for p in parts_of(folder))
    n = n_buckets(n_rows, _KEYS_A_BUCKET)
    data = _read_texts(texts).map_batches(partial(_keys_alone, n=n), batch_format="pyarrow")
    count = partial(_count_missing, cache_folder=cache_folder, fingerprint=encoder.fingerprint)
    return sum(facts["n"] for facts in facts_of_buckets(data, n, count, lambda _: None))


def group_texts(texts: Sequence[Path], n_missing: int, folder: Path) -> list[Path]:
    """Bring the texts of each group together, and return the parts, one a group."""
    folder.mkdir()
    n = group_count(n_missing)
    data = _read_texts(texts).map_batches(partial(_by_group, n=n), batch_format="pyarrow")
    facts_of_buckets(data, n, partial(_write_group, folder=folder), lambda _: None)
    return parts_of(folder)


def encode_groups(
    groups: Sequence[Path],
    encoder: TextEncoder,
    cache_folder: Path | None,
    folder: Path,
    told: Told,
) -> list[Facts]:
    """Encode group by group; every encoder keeps a core or a GPU, and its model, until the end.

    Returns:
        For each group how many texts it has, distinct ones, and ones that were encoded.
    """
    import ray.data

    folder.mkdir()
    on_gpu = {"num_gpus": 1} if n_gpus() else {}
    most = n_gpus() or n_cores()
    listed = [{"path": str(path)} for path in groups]
    data = ray.data.from_items(listed, override_num_blocks=len(listed)).map_batches(
        GroupEncoder,
        batch_size=1,
        fn_constructor_args=(encoder, cache_folder, folder),
        concurrency=min(most, len(listed)),
        num_cpus=1 - _CORES_LEFT,
        **on_gpu,
    )
    return collected(data, told)


class GroupEncoder:
    """Encodes the texts of groups, in a process that lives until all are done."""

    def __init__(self, encoder: TextEncoder, cache_folder: Path | None, folder: Path) -> None:
        """Take an encoder that is loaded with the first text, as one process among several."""
        if hasattr(encoder, "n_groups"):
            encoder = replace(encoder, processes=1, n_groups=1)  # type: ignore[type-var]
        self._encoder = encoder
        self._cache = cache_folder and EmbeddingCache(cache_folder, encoder.fingerprint)
        self._folder = folder

    def __call__(self, batch: dict[str, Any]) -> pa.Table:
        """Encode one group, {"path": its part}, into a part of vectors; return facts."""
        path = Path(str(batch["path"][0]))
        rows, counts = pq.read_table(path), [0, 0]

        def count(_: int, n_missing: int, n_distinct: int) -> None:
            counts[:] = n_missing, n_distinct

        texts = rows.column(TEXT).to_pylist()
        vectors = encode_texts(texts, self._encoder, self._cache or None, count)
        width = vectors.shape[1] * vectors.itemsize
        stored = pa.FixedSizeBinaryArray.from_buffers(
            pa.binary(width), len(vectors), [None, pa.py_buffer(np.ascontiguousarray(vectors))]
        )
        number = int(path.stem.partition("-")[2])
        write_part(rows.drop_columns([TEXT]).append_column(VECTOR, stored), self._folder, number)
        return facts_table({"done": len(texts), "n_encoded": counts[0], "n_distinct": counts[1]})


def vectors_of(vectors: Path, kind: int) -> Dataset:
    """Read the vectors of items or of users, with the bucket to which they go back."""
    return each_of([str(part) for part in parts_of(vectors)], partial(_read_vectors, kind=kind))


def ordered_vectors(rows: pa.Table) -> PlacedVectors:
    """Order the vectors of a bucket by place and slot."""
    ordered = rows.sort_by([(PLACE, "ascending"), (SLOT, "ascending")])
    joined = ordered.column(VECTOR).combine_chunks()
    flat = b"".join(joined.to_pylist())
    vectors = np.frombuffer(flat, np.float16).reshape(len(joined), -1)
    return PlacedVectors(ordered.column(PLACE).to_numpy(), vectors)


def _read_texts(folders: Sequence[Path]) -> Dataset:
    paths = [str(part) for folder in folders for part in filled_parts(folder)]
    return each_of(paths, _read_whole)


def _read_whole(_: int, path: str) -> Iterator[pa.Table]:
    yield pq.read_table(path)


def _read_vectors(_: int, path: str, kind: int) -> Iterator[pa.Table]:
    rows = pq.read_table(path, filters=pc.field(KIND) == kind)
    yield with_bucket(rows.drop_columns([KIND, OWNER]), rows.column(OWNER).to_numpy())


def _keys_alone(rows: pa.Table, n: int) -> pa.Table:
    written = rows.column(TEXT).filter(pc.not_equal(rows.column(TEXT), ""))
    keys = text_keys(written.to_pylist())
    return with_bucket(pa.table({_KEY: pa.array(keys.tolist(), pa.binary())}), text_groups(keys, n))


def _count_missing(_: int, rows: pa.Table, cache_folder: Path | None, fingerprint: str) -> Facts:
    keys = np.array(pc.unique(rows.column(_KEY)).to_pylist(), dtype="S64")
    if cache_folder is None:
        return {"n": len(keys)}
    return {"n": int((EmbeddingCache(cache_folder, fingerprint).find(keys) < 0).sum())}


def _by_group(rows: pa.Table, n: int) -> pa.Table:
    return with_bucket(rows, text_groups(text_keys(rows.column(TEXT).to_pylist()), n))


def _write_group(number: int, rows: pa.Table, folder: Path) -> Facts:
    write_part(rows, folder, number)
    return {"done": rows.num_rows}
