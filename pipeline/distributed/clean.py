"""`clean --engine ray`: from raw reviews to parts of `clean_df.pq`, row for row as pandas writes it.

Workers read and clean chunks, bring the rows of each item together to unify its facts, and at last
the rows of each range of time, in which they are written.
"""

from __future__ import annotations

import argparse
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import lru_cache, partial
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.compute as pc
from rich.console import Console

from config import Config
from pipeline.clean import stage
from pipeline.clean.amazon import read_metadata, wanted_review_columns
from pipeline.clean.from_service import NOTHING, FromService
from pipeline.clean.locations import Location, files_of
from pipeline.clean.raw_reviews import check_columns, explain_no_rows, in_schema_with_metadata
from pipeline.clean.readers import read_chunks
from pipeline.clean.report import CleaningReport
from pipeline.clean.rows import clean_remembered, unify
from pipeline.clean.schema import WITH_KINDS, schema_of
from pipeline.distributed.by_time import ROWS_A_PART, moments_of, write_by_time
from pipeline.distributed.exchange import (
    Facts,
    each_of,
    facts_of_buckets,
    facts_of_chunks,
    n_buckets,
    read_parts,
    sampled,
    with_bucket,
)
from pipeline.distributed.parts import ROW, numbers, workspace, write_part
from pipeline.distributed.progress import progress
from pipeline.errors import PipelineError
from recsys import columns
from recsys.cleaning.event_rows import is_event
from recsys.cleaning.item_table import with_item_facts
from recsys.cleaning.rows import Counts, Keys, count_kept
from storage.atomic import replacing_by_parts
from storage.events.forgotten import ForgottenUsers

_CORES_TO_READ: Final = 0.1
"""Reading takes little of a core; with it and two of those that clean, two cores are busy."""
_FIRST_EVENT: Final = 1 << 52
"""Events come behind the rows of all files, in the order of their numbers."""


def run(args: argparse.Namespace, config: Config, console: Console) -> None:
    """Clean as the stage does, on Ray."""
    stage.run(args, config, console, clean_reviews)


def clean_reviews(
    reviews_path: Location,
    clean_path: Path,
    keys: Keys,
    metadata_path: Path | None = None,
    console: Console | None = None,
    service: FromService = NOTHING,
) -> CleaningReport:
    """Clean reviews into parts; see `pipeline.clean.stage.clean_reviews`."""
    console = console or Console(quiet=True)
    with workspace(clean_path.parent) as folder, replacing_by_parts(clean_path) as result:
        files = [*files_of(reviews_path), *service.files]
        clean = partial(
            _clean_chunk,
            keys=keys,
            metadata_path=metadata_path,
            forgotten=service.forgotten,
            folder=folder / "rows",
        )
        cleaned = _clean_chunks(files, keys, metadata_path, clean, console)
        counts = _summed(cleaned)
        n_rows_read = sum(facts["n_read"] for facts in cleaned)
        n_valid = sum(facts["done"] for facts in cleaned)
        if not n_valid:
            raise PipelineError(explain_no_rows(reviews_path, keys, n_rows_read, counts))
        unified = _unify_items(folder / "rows", folder / "unified", keys, n_valid, console)
        counts += _summed(unified)
        n_rows = sum(facts["n_rows"] for facts in unified)
        if not n_rows:
            raise PipelineError(explain_no_rows(reviews_path, keys, n_rows_read, counts))
        moments = [tuple(moment) for facts in unified for moment in facts["moments"]]
        schema = schema_of(max(facts["last_event"] for facts in unified))
        write_by_time(folder / "unified", result, moments, n_rows, schema, console)
        n_users = _count_users(result, n_rows, console)
    n_items = sum(facts["n_items"] for facts in unified)
    return CleaningReport(n_rows_read, n_rows, n_users, n_items, counts)


def _clean_chunks(
    files: Sequence[Location],
    keys: Keys,
    metadata_path: Path | None,
    clean: Callable[[pa.Table], Facts],
    console: Console,
) -> list[Facts]:
    """Read and clean; parts of `ROW_COLUMNS` and `ROW`."""
    read = partial(_read, files=files, keys=keys, metadata_path=metadata_path)
    chunks = each_of(range(len(files)), read, cores=_CORES_TO_READ)
    with progress(console, "reading and cleaning", None, "rows") as told:
        return facts_of_chunks(chunks, clean, told, cores=1 - _CORES_TO_READ / 2)


def _read(
    number: int, _: int, files: Sequence[Location], keys: Keys, metadata_path: Path | None
) -> Iterator[pa.Table]:
    check_columns(files[number], keys, _metadata(metadata_path))
    names, first = sorted(wanted_review_columns(keys)), 0
    for chunk in read_chunks(files[number], names):
        rows = {
            name: _as_text(chunk.frame[name])
            if name in chunk.frame
            else pa.nulls(len(chunk.frame), pa.large_string())
            for name in names
        }
        yield pa.table(rows | {ROW: numbers(number, first, len(chunk.frame))})
        first += len(chunk.frame)


def _clean_chunk(
    rows: pa.Table,
    keys: Keys,
    metadata_path: Path | None,
    forgotten: ForgottenUsers | None,
    folder: Path,
) -> Facts:
    if not rows.num_rows:
        return {"n_read": 0, "done": 0, "counts": {}}
    order = rows.column(ROW).to_numpy()
    known = [name for name in rows.column_names if rows.column(name).null_count < rows.num_rows]
    chunk = rows.select([name for name in known if name != ROW]).to_pandas()
    raw = in_schema_with_metadata(chunk, keys, _metadata(metadata_path))
    kept, counts = clean_remembered(raw, keys, forgotten)
    table = pa.Table.from_pandas(kept, preserve_index=False)
    of_event = is_event(kept).to_numpy()
    arrivals = kept[columns.EVENT_SEQ].fillna(0).to_numpy(dtype=np.int64) + _FIRST_EVENT
    places = np.where(of_event, arrivals, order[kept.index.to_numpy()])
    write_part(table.append_column(ROW, pa.array(places)), folder, int(order[0]))
    return {"n_read": len(raw), "done": len(kept), "counts": dict(counts)}


def _unify_items(
    rows: Path, folder: Path, keys: Keys, n_rows: int, console: Console
) -> list[Facts]:
    """Bring the rows of each item together; parts of `WITH_KINDS` and `ROW`."""
    folder.mkdir()
    n = n_buckets(n_rows)
    data = read_parts(rows).map_batches(
        partial(_by_hash, name=columns.ITEM, n=n), batch_format="pyarrow"
    )
    with progress(console, "unifying the facts of each item", n_rows, "rows") as told:
        return facts_of_buckets(data, n, partial(_unify_bucket, keys=keys, folder=folder), told)


def _by_hash(rows: pa.Table, name: str, n: int) -> pa.Table:
    names = rows.column(name).to_numpy()
    return with_bucket(rows, pd.util.hash_array(names.astype(object), categorize=False) % n)


def _unify_bucket(number: int, table: pa.Table, keys: Keys, folder: Path) -> Facts:
    order = table.column(ROW).to_numpy()
    rows, items, dropped = unify(table.drop_columns([ROW]).to_pandas())
    order = order[rows.index.to_numpy()]
    clean, counts = with_item_facts(rows, items)
    counts += count_kept(rows, keys) + dropped
    last_event = int(rows[columns.EVENT_SEQ].fillna(0).max()) if len(rows) else 0
    made = pa.Table.from_pandas(clean, schema=WITH_KINDS, preserve_index=False)
    write_part(made.append_column(ROW, pa.array(order)), folder, number)
    moments = moments_of(made.column(columns.REVIEW_TIME), order)
    return {
        "done": table.num_rows,
        "n_rows": len(clean),
        "n_items": len(items),
        "last_event": last_event,
        "counts": dict(counts),
        "moments": [(each.real, each.imag) for each in sampled(np.sort(moments).tolist())],
    }


def _count_users(result: Path, n_rows: int, console: Console) -> int:
    n = n_buckets(n_rows, 20 * ROWS_A_PART)
    data = read_parts(result, [columns.USER]).map_batches(
        partial(_distinct_users, n=n), batch_format="pyarrow"
    )
    with progress(console, "counting users", n, "buckets") as told:
        return sum(facts["n"] for facts in facts_of_buckets(data, n, _count_distinct, told))


def _distinct_users(rows: pa.Table, n: int) -> pa.Table:
    names = pc.unique(rows.column(columns.USER))
    return _by_hash(pa.table({columns.USER: names}), columns.USER, n)


def _count_distinct(_: int, rows: pa.Table) -> Facts:
    return {"n": pc.count_distinct(rows.column(columns.USER)).as_py()}


@lru_cache(maxsize=1)
def _metadata(path: Path | None) -> pd.DataFrame | None:
    """Read the metadata once a worker."""
    return None if path is None else read_metadata(path)


def _as_text(column: pd.Series) -> pa.Array:
    return pa.array(column, pa.large_string(), from_pandas=True)


def _summed(parts: Sequence[Facts]) -> Counts:
    total: Counts = Counter()
    for facts in parts:
        total.update({name: int(n) for name, n in facts["counts"].items()})
    return total
