"""Stage `clean`: from a raw reviews file to `clean_df.pq`.

The file is read in chunks. Of each chunk the stage keeps the review texts, the numbers, and
codes for everything that repeats (users, items, product texts), so it needs little more memory
than the review texts. The result is written in parts too, and replaces the old file only once
it is complete.
"""

from __future__ import annotations

import argparse
import time
from collections import Counter
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import Final

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
from rich.console import Console

from config import Config
from pipeline.clean.from_service import NOTHING, STORE, FromService, from_service
from pipeline.clean.locations import Location, files_of, locate
from pipeline.clean.raw_reviews import checked_chunks, explain_no_rows
from pipeline.clean.report import CleaningReport
from pipeline.clean.rows import clean_remembered, unify
from pipeline.clean.schema import schema_of
from pipeline.errors import PipelineError
from recsys import columns
from recsys.cleaning.item_table import with_item_facts
from recsys.cleaning.rows import FACT_COLUMNS, Counts, Keys, count_kept
from storage.atomic import replacing
from storage.sources import artifact_paths

_REPEATING: Final = (columns.USER, columns.ITEM, columns.KIND, *FACT_COLUMNS)
_ROWS_WRITTEN_AT_ONCE: Final = 50_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the stage."""
    parser.add_argument(
        "--reviews",
        required=True,
        metavar="FILE",
        help="raw reviews: CSV, parquet or JSON lines; CSV and JSON lines also as .gz; a file or a "
        "folder of such files, also s3://… and gs://…; or postgresql://… with --query",
    )
    parser.add_argument(
        "--query",
        default="",
        metavar="SQL",
        help="for postgresql://…: the SELECT that gives the reviews, in an order of its own "
        "(ORDER BY), under the column names of a file",
    )
    parser.add_argument(
        "--metadata",
        type=Path,
        metavar="FILE",
        help="product metadata for Amazon's review files, joined by asin or parent_asin",
    )
    parser.add_argument(
        "--user-column",
        default=columns.USER,
        metavar="NAME",
        help="column that identifies users (default: %(default)s). Names are cleaned as text; "
        "ids such as reviewerID are kept as they are, so users of the same name stay apart",
    )
    parser.add_argument(
        "--item-column",
        default=columns.ITEM,
        metavar="NAME",
        help="column that identifies items (default: %(default)s), such as asin; "
        "itemName remains the displayed title",
    )
    parser.add_argument(
        "--events",
        nargs="?",
        const=STORE,
        default=None,
        metavar="FILE",
        help="take in what users have done in the service, too: the events in EVENTS_PATH, or those "
        "in a FILE that `python -m pipeline events` wrote",
    )


def run(
    args: argparse.Namespace,
    config: Config,
    console: Console,
    clean: Callable[..., CleaningReport] | None = None,
) -> None:
    """Clean the reviews, write `clean_df.pq`, and print what each rule did.

    Args:
        args: The options of the stage.
        config: The folders.
        console: Gets the report.
        clean: Does the work of `clean_reviews` on another engine.

    Raises:
        PipelineError: The reviews, the metadata or the file of events can't be used.
        storage.events.event.EventStoreError: The service's events can't be read.
    """
    paths = artifact_paths(config)
    started = time.perf_counter()
    keys = Keys(args.user_column, args.item_column)
    with from_service(args.events, keys, config, console) as service:
        report = (clean or clean_reviews)(
            locate(args.reviews, args.query),
            paths.clean,
            keys,
            metadata_path=args.metadata,
            console=console,
            service=service,
        )
    console.print(report.table())
    console.print(f"{paths.clean} written in {time.perf_counter() - started:.1f} s", soft_wrap=True)


def clean_reviews(
    reviews_path: Location,
    clean_path: Path,
    keys: Keys,
    metadata_path: Path | None = None,
    console: Console | None = None,
    service: FromService = NOTHING,
) -> CleaningReport:
    """Clean a file of reviews into `clean_path`, which is replaced only on success.

    Args:
        reviews_path: Where raw reviews are.
        clean_path: Path of the result.
        keys: Columns that identify user and item.
        metadata_path: Product metadata to join by item id.
        console: Where progress is shown; None for nowhere.
        service: Events to take in, and users to leave out.

    Raises:
        PipelineError: An input can't be used, or no row of it can.
    """
    counts: Counts = Counter()
    parts: list[pa.Table] = []
    n_rows_read = 0
    files = [*files_of(reviews_path), *service.files]
    for raw in checked_chunks(files, keys, metadata_path, console):
        n_rows_read += len(raw)
        rows, part_counts = clean_remembered(raw, keys, service.forgotten)
        counts += part_counts
        parts.append(_compact(rows))
    with console.status("unifying the facts of each item") if console else nullcontext():
        rows, items, part_counts = unify(_join(parts))
        counts += part_counts
        if rows.empty:
            raise PipelineError(explain_no_rows(reviews_path, keys, n_rows_read, counts))
        arrivals = rows[columns.EVENT_SEQ].fillna(0).to_numpy()
        rows = rows.iloc[np.lexsort((arrivals, rows[columns.REVIEW_TIME].to_numpy()))]
        counts += count_kept(rows, keys) + _write(rows, items, clean_path)
    n_users = int(rows[columns.USER].nunique())
    return CleaningReport(n_rows_read, len(rows), n_users, len(items), counts)


def _compact(rows: pd.DataFrame) -> pa.Table:
    """Encode the columns that repeat; review texts and numbers stay as they are."""
    table = pa.Table.from_pandas(rows, preserve_index=False)
    for name in _REPEATING:
        at = table.schema.get_field_index(name)
        coded = table.column(name).cast(pa.large_string()).dictionary_encode()
        table = table.set_column(at, name, coded)
    return table


def _join(parts: list[pa.Table]) -> pd.DataFrame:
    """Join the parts under one set of codes, emptying `parts` to free their memory."""
    table = pa.concat_tables(parts).unify_dictionaries()
    parts.clear()
    rows: pd.DataFrame = table.to_pandas(self_destruct=True, split_blocks=True)
    return rows


def _write(rows: pd.DataFrame, items: pd.DataFrame, path: Path) -> Counts:
    """Write the rows with the facts of their items in parts, and count what that changed."""
    counts: Counts = Counter()
    schema = schema_of(int(rows[columns.EVENT_SEQ].fillna(0).max()))
    with (
        replacing(path) as unfinished,
        pq.ParquetWriter(unfinished, schema, compression="zstd") as writer,
    ):
        for part in _parts(rows):
            clean, part_counts = with_item_facts(part, items)
            counts += part_counts
            writer.write_table(pa.Table.from_pandas(clean, schema=schema, preserve_index=False))
    return counts


def _parts(rows: pd.DataFrame) -> Iterator[pd.DataFrame]:
    for start in range(0, len(rows), _ROWS_WRITTEN_AT_ONCE):
        yield rows.iloc[start : start + _ROWS_WRITTEN_AT_ONCE]
