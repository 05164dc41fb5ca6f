"""What training reads of the reviews, made by workers: numbers of interactions, texts of items."""

from __future__ import annotations

from functools import lru_cache, partial
from pathlib import Path
from typing import TYPE_CHECKING, Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from pipeline.distributed.clean_parts import count_rows, read_clean_rows
from pipeline.distributed.exchange import (
    Facts,
    facts_of_buckets,
    facts_of_chunks,
    n_buckets,
    range_ends,
    with_bucket,
)
from pipeline.distributed.parts import ROW, write_part
from pipeline.distributed.progress import progress
from pipeline.distributed.ranges import by_range, sampled_names
from pipeline.train.ranker.data import (
    INTERACTION_COLUMNS,
    ITEM_COLUMNS,
    ReviewTables,
    joined_texts,
)
from recsys import catalog, columns
from recsys.interactions import Interactions, interactions_of
from storage.parquet.parts import parts_of, read_table

if TYPE_CHECKING:
    from rich.console import Console

NAMES: Final = "names.parquet"
ITEMS: Final = "items"
INTERACTIONS: Final = "interactions"
USERS: Final = "users"

_PLACE: Final = "place"
_TEXT: Final = "text"


def write_tables(clean: Path, names: pd.Index, folder: Path, console: Console) -> None:
    """Have workers write the tables into a folder, for `read_tables`.

    Args:
        clean: `clean_df.pq`.
        names: Of the items, in the order of the catalog.
        folder: Where they are written.
        console: Where progress is shown.
    """
    pq.write_table(pa.table({columns.ITEM: pa.array(names, pa.string())}), folder / NAMES)
    for name in (ITEMS, INTERACTIONS, USERS):
        (folder / name).mkdir()
    n_rows = count_rows(clean)
    sample = facts_of_chunks(read_clean_rows(clean, INTERACTION_COLUMNS), _sample, lambda _: None)
    n = n_buckets(n_rows)
    item_ends, user_ends = (
        range_ends([name for facts in sample for name in facts[kind]], n)
        for kind in ("items", "users")
    )
    with progress(console, "gathering the texts of items", n_rows, "rows") as told:
        rows = read_clean_rows(clean, (columns.ITEM, *ITEM_COLUMNS)).map_batches(
            partial(by_range, name=columns.ITEM, ends=item_ends), batch_format="pyarrow"
        )
        facts_of_buckets(rows, n, partial(_write_items, folder=folder), told)
    with progress(console, "numbering users", n_rows, "rows") as told:
        rows = read_clean_rows(clean, INTERACTION_COLUMNS).map_batches(
            partial(_by_user, ends=user_ends), batch_format="pyarrow"
        )
        facts_of_buckets(rows, n, partial(_write_interactions, folder=folder), told)


def read_tables(folder: Path, names: pd.Index) -> ReviewTables:
    """Read what `write_tables` wrote: numbers, and the texts and names of items and users."""
    texts = np.full(len(names), "", dtype=object)
    prices = np.full(len(names), np.nan)
    items = read_table(folder / ITEMS)
    places = items.column(_PLACE).to_numpy()
    texts[places] = items.column(_TEXT).to_pylist()
    prices[places] = items.column(columns.PRICE).to_numpy()
    return ReviewTables(_read_interactions(folder), texts, prices)


def _read_interactions(folder: Path) -> Interactions:
    """Number the users of all buckets, and bring their rows into the order of time."""
    user_names = [pq.read_table(part).column(columns.USER) for part in parts_of(folder / USERS)]
    first, parts = 0, []
    for part, names in zip(parts_of(folder / INTERACTIONS), user_names, strict=True):
        rows = pq.read_table(part)
        users = rows.column(columns.USER).to_numpy()
        shifted = pa.array(np.where(users >= 0, users + first, -1))
        parts.append(rows.set_column(0, columns.USER, shifted))
        first += len(names)
    rows = pa.concat_tables(parts).sort_by(ROW)
    users, items, times, ratings = (rows.column(name).to_numpy() for name in INTERACTION_COLUMNS)
    order = np.argsort(times, kind="stable")
    return Interactions(
        users[order],
        items[order],
        times[order],
        ratings[order],
        order.astype(np.int64),
        np.array([name for names in user_names for name in names.to_pylist()], dtype=object),
    )


def _sample(rows: pa.Table) -> Facts:
    items, users = (sampled_names(rows.column(name)) for name in (columns.ITEM, columns.USER))
    return {"items": items, "users": users}


def _by_user(rows: pa.Table, ends: list[str]) -> pa.Table:
    """Divide by users; reviews without a name count for items, and go to the first bucket."""
    known = pc.is_valid(rows.column(columns.USER))
    nameless = rows.filter(pc.invert(known))
    rest = with_bucket(nameless, np.zeros(nameless.num_rows))
    return pa.concat_tables([by_range(rows, columns.USER, ends), rest])


def _write_items(number: int, rows: pa.Table, folder: Path) -> Facts:
    clean, index = rows.to_pandas(), _catalog(folder)
    present = pd.Index(clean[columns.ITEM].unique())
    places = index.get_indexer(present)
    present, places = present[places >= 0], places[places >= 0]
    table = {
        _PLACE: places.astype(np.int64),
        _TEXT: pa.array(joined_texts(clean, present), pa.large_string()),
        columns.PRICE: catalog.item_prices(clean, present),
    }
    write_part(pa.table(table), folder / ITEMS, number)
    return {"done": rows.num_rows}


def _write_interactions(number: int, rows: pa.Table, folder: Path) -> Facts:
    found = interactions_of(rows.to_pandas(), _catalog(folder)).chosen()
    values = (found.users, found.items, found.times, found.ratings)
    table = dict(zip(INTERACTION_COLUMNS, values, strict=True))
    table |= {ROW: rows.column(ROW).to_numpy()[found.file_rows]}
    write_part(pa.table(table), folder / INTERACTIONS, number)
    names = pa.array(found.user_names, pa.string())
    write_part(pa.table({columns.USER: names}), folder / USERS, number)
    return {"done": rows.num_rows}


@lru_cache(maxsize=1)
def _catalog(folder: Path) -> pd.Index:
    """Read the names of all items, once a worker."""
    index: pd.Index = pd.Index(pq.read_table(folder / NAMES).column(columns.ITEM).to_pylist())
    return index
