"""The items of `embed --engine ray`: their texts, then their vectors and prices."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache, partial
from pathlib import Path
from typing import Any, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from numpy.typing import NDArray

from pipeline.distributed.clean_parts import read_clean_rows
from pipeline.distributed.exchange import Facts, facts_of_buckets
from pipeline.distributed.parts import part_name, write_part
from pipeline.distributed.progress import Told
from pipeline.distributed.ranges import by_range
from pipeline.distributed.texts import ITEM, ordered_vectors, text_table, vectors_of
from pipeline.embed.inputs import ITEM_COLUMNS, candidate_items
from pipeline.embed.stage import price_frame, vectors_frame
from recsys import columns
from recsys.arrays import FloatArray, HalfArray
from recsys.features.price import Donors, mean_prices
from storage.artifacts import write_frame
from storage.atomic import replacing
from storage.parquet.parts import parts_of

_BLOCKS_IN_FLIGHT: Final = 64


@dataclass(frozen=True)
class ItemParts:
    """Where the items are, bucket by bucket in order of their names.

    Attributes:
        names: Parts of name and price.
        texts: Parts of `texts.text_table`.
        vectors: The file of all vectors, (n_items, d) float16.
        counts: How many items are in each bucket.
    """

    names: Path
    texts: Path
    vectors: Path
    counts: Sequence[int]

    @property
    def n_items(self) -> int:
        """Items."""
        return sum(self.counts)


def gather_items(
    clean: Path, ends: Sequence[str], folder: Path, told: Told
) -> tuple[ItemParts, list[Facts]]:
    """Bring the rows of each item together; returns where the items are, and how many lack what."""
    names, texts = folder / "items", folder / "item_texts"
    for each in (names, texts):
        each.mkdir()
    data = read_clean_rows(clean, ITEM_COLUMNS).map_batches(
        partial(by_range, name=columns.ITEM, ends=ends), batch_format="pyarrow"
    )
    found = facts_of_buckets(data, len(ends) + 1, partial(_gather, names=names, texts=texts), told)
    counts = [facts["n"] for facts in found]
    return ItemParts(names, texts, folder / "item_vectors.npy", counts), found


def write_item_vectors(vectors: Path, items: ItemParts, result: Path, told: Told) -> None:
    """Bring the vectors of each bucket together, and write the parts of `item_desc_emb_df.pq`."""
    data = vectors_of(vectors, ITEM)
    facts_of_buckets(
        data, len(items.counts), partial(_write_vectors, names=items.names, result=result), told
    )


def write_catalog(vectors: Path, items: ItemParts, prices: Path) -> None:
    """Write all vectors into one file that workers map, and the part of `item_price_df.pq`.

    Args:
        vectors: Parts of `item_desc_emb_df.pq`.
        items: Where the items are; the file is its `vectors`.
        prices: The folder of prices.
    """
    whole: Any = None
    with replacing(items.vectors) as unfinished:
        first = 0
        for part in parts_of(vectors):
            table = pq.read_table(part)
            names = [name for name in table.column_names if name != columns.ITEM]
            some = np.stack([table.column(name).to_numpy() for name in names], axis=1)
            if whole is None:
                shape = (items.n_items, some.shape[1])
                whole = np.lib.format.open_memmap(unfinished, "w+", np.float16, shape)
            whole[first : first + len(some)] = some
            first += len(some)
        whole.flush()
    known = pa.concat_tables([pq.read_table(part) for part in parts_of(items.names)])
    frame = price_frame(
        pd.Index(known.column(columns.ITEM).to_pylist()),
        known.column(columns.PRICE).to_numpy(),
        np.asarray(whole),
        across=_across_workers,
    )
    write_frame(frame, prices / part_name(0))


def _across_workers(donors: Donors, blocks: Iterable[FloatArray]) -> Iterator[NDArray[np.float64]]:
    """Have workers impute the prices of blocks of items; the donors lie in shared memory."""
    import ray

    shared, work = ray.put(donors), ray.remote(mean_prices)
    running: deque[Any] = deque()
    for block in blocks:
        running.append(work.remote(shared, block))
        if len(running) > _BLOCKS_IN_FLIGHT:
            yield ray.get(running.popleft())
    while running:
        yield ray.get(running.popleft())


@lru_cache(maxsize=1)
def item_index(names: Path) -> pd.Index:
    """Read the names of all items in their order, once a worker."""
    parts = [pq.read_table(part, columns=[columns.ITEM]) for part in parts_of(names)]
    index: pd.Index = pd.Index(pa.concat_tables(parts).column(columns.ITEM).to_pylist())
    return index


@lru_cache(maxsize=1)
def mapped_vectors(path: Path) -> HalfArray:
    """Map the vectors of all items, once a worker."""
    vectors: HalfArray = np.load(path, mmap_mode="r", allow_pickle=False)
    return vectors


def _gather(number: int, rows: pa.Table, names: Path, texts: Path) -> Facts:
    items = candidate_items(rows.to_pandas())
    table = pa.table(
        {
            columns.ITEM: pa.array(items.names, pa.string()),
            columns.PRICE: items.prices,
        }
    )
    write_part(table, names, number)
    places = np.arange(len(items.names))
    write_part(text_table(ITEM, number, places, 0 * places, items.texts), texts, number)
    return {
        "done": rows.num_rows,
        "n": len(items.names),
        "n_textless": int((items.texts == "").sum()),
        "n_priceless": int(np.isnan(items.prices).sum()),
    }


def _write_vectors(number: int, rows: pa.Table, names: Path, result: Path) -> Facts:
    listed = pq.read_table(names / part_name(number)).column(columns.ITEM).to_pylist()
    vectors = ordered_vectors(rows).vectors
    frame = vectors_frame(pd.Index(listed), vectors, columns.ITEM)
    write_frame(frame, result / part_name(number))
    return {"done": rows.num_rows}
