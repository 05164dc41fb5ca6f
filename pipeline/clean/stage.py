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
from pipeline.clean.locations import Location, locate
from pipeline.clean.raw_reviews import checked_chunks, explain_no_rows
from pipeline.clean.report import CleaningReport
from pipeline.errors import PipelineError
from recsys import columns
from recsys.cleaning.item_table import item_table, with_item_facts
from recsys.cleaning.rows import FACT_COLUMNS, Counts, Keys, clean_rows, count_kept, deduplicate
from storage.artifacts import ArtifactPaths
from storage.atomic import replacing

_REPEATING: Final = (columns.USER, columns.ITEM, *FACT_COLUMNS)
_ROWS_WRITTEN_AT_ONCE: Final = 50_000

CLEAN_SCHEMA: Final = pa.schema(
    [
        (columns.USER, pa.string()),
        (columns.ITEM, pa.string()),
        (columns.DESCRIPTION, pa.string()),
        (columns.PRICE, pa.float64()),
        (columns.REVIEW_TIME, pa.timestamp("us")),
        (columns.RATING, pa.float64()),
        (columns.REVIEW_TEXT, pa.string()),
        (columns.TITLE, pa.string()),
        (columns.BRAND, pa.string()),
        (columns.CATEGORY, pa.string()),
        (columns.IMAGE, pa.string()),
    ]
)
"""The columns of `clean_df.pq`; only price, title, brand, category and image may be missing."""


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
        PipelineError: The reviews or the metadata can't be used.
    """
    paths = ArtifactPaths.in_folders(config.data_path, config.embeddings_path, config.model_path)
    started = time.perf_counter()
    report = (clean or clean_reviews)(
        locate(args.reviews, args.query),
        paths.clean,
        Keys(args.user_column, args.item_column),
        metadata_path=args.metadata,
        console=console,
    )
    console.print(report.table())
    console.print(f"{paths.clean} written in {time.perf_counter() - started:.1f} s", soft_wrap=True)


def clean_reviews(
    reviews_path: Location,
    clean_path: Path,
    keys: Keys,
    metadata_path: Path | None = None,
    console: Console | None = None,
) -> CleaningReport:
    """Clean a file of reviews into `clean_path`, which is replaced only on success.

    Args:
        reviews_path: Where raw reviews are.
        clean_path: Path of the result.
        keys: Columns that identify user and item.
        metadata_path: Product metadata to join by item id.
        console: Where progress is shown; None for nowhere.

    Raises:
        PipelineError: An input can't be used, or no row of it can.
    """
    counts: Counts = Counter()
    parts: list[pa.Table] = []
    n_rows_read = 0
    for raw in checked_chunks(reviews_path, keys, metadata_path, console):
        n_rows_read += len(raw)
        rows, part_counts = clean_rows(raw, keys)
        counts += part_counts
        parts.append(_compact(rows))
    with console.status("unifying the facts of each item") if console else nullcontext():
        rows, items, counts["duplicate"] = unify(_join(parts))
        if rows.empty:
            raise PipelineError(explain_no_rows(reviews_path, keys, n_rows_read, counts))
        rows = rows.iloc[np.argsort(rows[columns.REVIEW_TIME].to_numpy(), kind="stable")]
        counts += count_kept(rows, keys) + _write(rows, items, clean_path)
    n_users = int(rows[columns.USER].nunique())
    return CleaningReport(n_rows_read, len(rows), n_users, len(items), counts)


def unify(rows: pd.DataFrame) -> tuple[pd.DataFrame, pd.DataFrame, int]:
    """Make one row an interaction and one an item, of any rows that hold all of their items.

    Args:
        rows: (n, 10) of `clean_rows`, under a unique index; may be empty.

    Returns:
        The rows without duplicates, in order and under their index; `item_table` of them; and how
        many duplicates there were. Neither depends on how items were divided.
    """
    rows, n_equal = deduplicate(rows)
    items = item_table(rows)
    # Rows that differed only in the facts of their item are duplicates from here on.
    same = [columns.USER, columns.ITEM, columns.REVIEW_TIME, columns.RATING, columns.REVIEW_TEXT]
    kept, n_more = deduplicate(rows[same])
    return rows.loc[kept.index], items, n_equal + n_more


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
    with (
        replacing(path) as unfinished,
        pq.ParquetWriter(unfinished, CLEAN_SCHEMA, compression="zstd") as writer,
    ):
        for part in _parts(rows):
            clean, part_counts = with_item_facts(part, items)
            counts += part_counts
            writer.write_table(
                pa.Table.from_pandas(clean, schema=CLEAN_SCHEMA, preserve_index=False)
            )
    return counts


def _parts(rows: pd.DataFrame) -> Iterator[pd.DataFrame]:
    for start in range(0, len(rows), _ROWS_WRITTEN_AT_ONCE):
        yield rows.iloc[start : start + _ROWS_WRITTEN_AT_ONCE]
