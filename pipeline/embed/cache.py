"""Encoding with a cache: no text is encoded twice, even if a run is interrupted.

Vectors lie in `shard-*.npy` files of some thousand rows. A shard appears whole, by
atomic rename, so a run that is killed loses what it encoded since the last one: at
most half a minute. There is no index file that could disagree with the shards; their
keys are read when the cache is opened. The folder may be deleted at any time.
"""

from __future__ import annotations

import hashlib
import logging
import time
from collections.abc import Callable, Generator, Sequence
from contextlib import closing
from pathlib import Path
from typing import Any, Final, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import HalfArray, Rows
from storage.atomic import replacing

Keys = NDArray[np.bytes_]

SHARD_ROWS: Final = 2048
SHARD_SECONDS: Final = 30.0
NOT_STORED: Final = -1

Progress = Callable[[int, int, int], object]

_logger = logging.getLogger(__name__)


class TextEncoder(Protocol):
    """What turns texts into vectors, such as `pipeline.embed.encoder.SentenceEncoder`."""

    @property
    def fingerprint(self) -> str:
        """Identifies everything that decides a text's vector: weights, cut, arithmetic."""
        ...

    @property
    def dimension(self) -> int:
        """The width of the vectors."""
        ...

    def encode_many(
        self, texts: Sequence[str]
    ) -> Generator[tuple[NDArray[Any], HalfArray], None, None]:
        """Yield the vectors batch by batch, in any order, with their positions in `texts`."""
        ...


class EmbeddingCache:
    """The vectors that one encoder has made, by the sha256 of their text.

    Args:
        folder: Holds the shards of all encoders.
        fingerprint: Which encoder's shards to use.
    """

    def __init__(self, folder: Path, fingerprint: str) -> None:
        self.folder = folder / fingerprint
        self._shards = [
            shard for path in sorted(self.folder.glob("shard-*.npy")) for shard in _open(path)
        ]
        keys = [np.asarray(shard["key"]) for shard in self._shards]
        self._keys: Keys = np.concatenate([np.zeros(0, "S64"), *keys])
        self._order = np.argsort(self._keys)
        self._first_rows = np.cumsum([0, *map(len, keys)])

    def find(self, keys: Keys) -> Rows:
        """Find the row of each key, (n,), NOT_STORED where it is not stored."""
        if not len(self._keys):
            return np.full(len(keys), NOT_STORED, dtype=np.int64)
        places = np.searchsorted(self._keys, keys, sorter=self._order)
        rows = self._order[np.minimum(places, len(self._keys) - 1)]
        return np.where(self._keys[rows] == keys, rows, NOT_STORED).astype(np.int64)

    def read(self, rows: Rows, out: HalfArray, at: Rows) -> None:
        """Copy the vectors of `rows` (m,), as `find` gave them, to the rows `at` of `out`."""
        shard_of_row = np.searchsorted(self._first_rows, rows, side="right") - 1
        for number in np.unique(shard_of_row):
            mine = shard_of_row == number
            local = rows[mine] - self._first_rows[number]
            out[at[mine]] = self._shards[number]["vector"][local]

    def add(self, keys: Keys, vectors: HalfArray) -> None:
        """Store vectors (n, d) as one shard, for the caches that are opened after this."""
        shard = np.empty(
            len(keys), dtype=[("key", "S64"), ("vector", np.float16, vectors.shape[1:])]
        )
        shard["key"], shard["vector"] = keys, vectors
        name = hashlib.sha256(keys.tobytes()).hexdigest()[:16]
        with replacing(self.folder / f"shard-{name}.npy") as unfinished:
            np.save(unfinished, shard, allow_pickle=False)

    @property
    def dimension(self) -> int | None:
        """The width of the stored vectors, None while there are none."""
        return int(self._shards[0]["vector"].shape[1]) if self._shards else None

    def __len__(self) -> int:
        """Count the vectors that were stored when the cache was opened."""
        return len(self._keys)

    def __repr__(self) -> str:
        """Say how many vectors lie where."""
        return f"<EmbeddingCache {len(self):,} vectors in {self.folder}>"


def text_keys(texts: Sequence[str]) -> Keys:
    """Name each text by its sha256, in hexadecimal: (n,) bytes of length 64."""
    digests = [hashlib.sha256(text.encode("utf-8", "surrogatepass")) for text in texts]
    return np.array([digest.hexdigest() for digest in digests], dtype="S64")


def encode_texts(
    texts: Sequence[str],
    encoder: TextEncoder,
    cache: EmbeddingCache | None = None,
    on_progress: Progress = lambda *_: None,
) -> HalfArray:
    """Look up the vector of each text, encoding only those that the cache doesn't hold.

    Equal texts are encoded once, and "" never: it says nothing, so its vector is zero.
    Whatever was encoded is stored even when this is interrupted.

    Args:
        texts: n texts.
        encoder: Encodes what is missing; not asked (and not loaded) when nothing is.
        cache: Where vectors are kept, None for nowhere.
        on_progress: Called at the start and after each batch with the number of texts done,
            of texts that had to be encoded, and of distinct texts.

    Returns:
        (n, d) float16.
    """
    keys, first, row_of_text = np.unique(text_keys(texts), return_index=True, return_inverse=True)
    distinct = [texts[row] for row in first]
    rows = cache.find(keys) if cache is not None else np.full(len(keys), NOT_STORED)
    says_something = np.array([text != "" for text in distinct], dtype=bool)
    missing = np.flatnonzero((rows == NOT_STORED) & says_something)
    stored = np.flatnonzero(rows != NOT_STORED)
    dimension = (cache.dimension if cache is not None else None) or encoder.dimension
    vectors = np.zeros((len(keys), dimension), dtype=np.float16)
    if cache is not None:
        cache.read(rows[stored], vectors, stored)
    on_progress(0, len(missing), len(keys))
    n_done = 0
    with closing(_encoded(distinct, missing, keys, encoder, cache)) as batches:
        for batch in batches:
            vectors[batch.rows] = batch.vectors
            n_done += len(batch.rows)
            on_progress(n_done, len(missing), len(keys))
    return vectors[row_of_text]


class _Batch(NamedTuple):
    rows: Rows
    vectors: HalfArray


def _encoded(
    distinct: Sequence[str],
    missing: Rows,
    keys: Keys,
    encoder: TextEncoder,
    cache: EmbeddingCache | None,
) -> Generator[_Batch, None, None]:
    """Encode the texts in the rows `missing`, and store them shard by shard."""
    unstored: list[_Batch] = []
    stored_at = time.monotonic()
    if not len(missing):
        return
    with closing(encoder.encode_many([distinct[row] for row in missing])) as batches:
        try:
            for positions, encoded in batches:
                unstored.append(_Batch(missing[positions], encoded))
                yield unstored[-1]
                is_due = time.monotonic() - stored_at > SHARD_SECONDS
                if is_due or sum(len(batch.rows) for batch in unstored) >= SHARD_ROWS:
                    _store(cache, keys, unstored)
                    stored_at = time.monotonic()
        finally:
            _store(cache, keys, unstored)


def _store(cache: EmbeddingCache | None, keys: Keys, unstored: list[_Batch]) -> None:
    if cache is not None and unstored:
        rows, vectors = (np.concatenate(parts) for parts in zip(*unstored, strict=True))
        cache.add(keys[rows], vectors)
    unstored.clear()


def _open(path: Path) -> list[NDArray[np.void]]:
    """Map a shard; a corrupt one counts as absent."""
    try:
        return [np.load(path, mmap_mode="r", allow_pickle=False)]
    except (OSError, ValueError, EOFError) as error:
        _logger.warning(
            "%s is not a readable shard (%s); its texts are encoded again.", path, error
        )
        return []
