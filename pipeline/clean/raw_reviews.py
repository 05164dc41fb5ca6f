"""Raw reviews as `clean` reads them: checked, in the reference schema, with their metadata."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from pathlib import Path

import pandas as pd
from rich.console import Console
from rich.progress import BarColumn, Progress, TaskProgressColumn, TextColumn, TimeRemainingColumn

from pipeline.clean.amazon import (
    ITEM_ID,
    USER_ID,
    in_reference_schema,
    join_metadata,
    read_metadata,
    wanted_review_columns,
)
from pipeline.clean.locations import Location, size_of
from pipeline.clean.readers import read_chunks, read_column_names
from pipeline.errors import PipelineError
from recsys import columns
from recsys.cleaning.rows import DROPPED, UNIX_TIME, Counts, Keys


def checked_chunks(
    files: Sequence[Location], keys: Keys, metadata_path: Path | None, console: Console | None
) -> Iterator[pd.DataFrame]:
    """Read the reviews of all files in chunks, with what the metadata say about their items.

    Yields:
        (n, any) frames of str in the reference schema, with both key columns, `rating`,
        and `reviewTime` or `unixReviewTime`.

    Raises:
        PipelineError: A file can't be read, or lacks a required column.
    """
    metadata = None if metadata_path is None else read_metadata(metadata_path)
    for file in files:
        check_columns(file, keys, metadata)
    sizes = [size_of(file) for file in files]
    with _progress(console) as progress:
        task = progress.add_task(files[0].name, total=sum(sizes) or None, rate="")
        n_rows = 0
        for number, file in enumerate(files):
            for chunk in read_chunks(file, wanted_review_columns(keys)):
                raw = in_schema_with_metadata(chunk.frame, keys, metadata)
                yield raw
                n_rows += len(raw)
                elapsed = progress.tasks[0].elapsed or 0
                rate = f"{n_rows / elapsed:,.0f} rows/s" if elapsed else ""
                n_bytes = sum(sizes[:number]) + chunk.n_bytes_read
                progress.update(task, completed=n_bytes, rate=rate)


def check_columns(path: Location, keys: Keys, metadata: pd.DataFrame | None) -> None:
    """Refuse reviews that lack a required column, also after metadata are joined.

    Raises:
        PipelineError: They do, or can't be read.
    """
    names = read_column_names(path)
    in_schema = in_reference_schema(pd.DataFrame(columns=names, dtype="str"))
    if metadata is not None and columns.EVENT_SEQ not in names:
        if ITEM_ID not in in_schema:
            raise PipelineError(
                f"{path} has no column {ITEM_ID}, by which metadata are joined; it has {names}."
            )
        in_schema = join_metadata(in_schema, metadata)
    _refuse_missing_columns(path, names, list(in_schema.columns), keys)


def in_schema_with_metadata(
    chunk: pd.DataFrame, keys: Keys, metadata: pd.DataFrame | None
) -> pd.DataFrame:
    """Bring a chunk as it was read into the form that `clean_rows` takes.

    Events know nothing about their items, and nothing is joined to them.
    """
    raw = in_reference_schema(chunk).reset_index(drop=True)
    raw = raw.reindex(columns=raw.columns.union([keys.user, keys.item], sort=False))
    if metadata is None or columns.EVENT_SEQ in raw:
        return raw
    return join_metadata(raw, metadata)


def explain_no_rows(path: Location, keys: Keys, n_rows: int, counts: Counts) -> str:
    """Explain why no row of a file is left, and which option may help."""
    if not n_rows:
        return f"{path} has a header and no rows; expected at least one review."
    reasons = ", ".join(
        f"{counts[name]:,} {meaning.removeprefix('dropped: ')}"
        for name, meaning in DROPPED.items()
        if counts[name]
    )
    return f"{path}: none of {n_rows:,} rows can be used ({reasons}).{_hint(path, keys, counts)}"


def _hint(path: Location, keys: Keys, counts: Counts) -> str:
    names = in_reference_schema(pd.DataFrame(columns=read_column_names(path))).columns
    if counts["no_user"] and keys.user != USER_ID and USER_ID in names:
        hint = (
            f" The column {keys.user} is empty, but {USER_ID} is there: add --user-column {USER_ID}"
        )
        more = keys.item == columns.ITEM and ITEM_ID in names
        return hint + (f" (and --item-column {ITEM_ID}, since titles repeat)." if more else ".")
    if counts["no_item"] and keys.item != ITEM_ID and ITEM_ID in names:
        return f" The column {keys.item} is empty, but {ITEM_ID} is there: add --item-column {ITEM_ID}."
    return ""


def _refuse_missing_columns(path: Location, names: list[str], known: list[str], keys: Keys) -> None:
    missing = [name for name in (keys.user, keys.item, columns.RATING) if name not in known]
    if columns.REVIEW_TIME not in known and UNIX_TIME not in known:
        missing.append(columns.REVIEW_TIME)
    if not missing:
        return
    cures = []
    if keys.user in missing and USER_ID in known:
        cures.append(f"--user-column {USER_ID}")
    if keys.item in missing and ITEM_ID in known:
        cures.append(f"--item-column {ITEM_ID} or --metadata FILE")
    elif keys.item in missing and keys.item == columns.ITEM and columns.TITLE in names:
        cures.append(f"--item-column {columns.TITLE}")
    cure = f" What may help: {' and '.join(cures)}." if cures else ""
    raise PipelineError(
        f"{path} lacks the column{'s' * (len(missing) > 1)} {', '.join(missing)}; "
        f"it has {', '.join(names[:25])}.{cure}"
    )


def _progress(console: Console | None) -> Progress:
    return Progress(
        TextColumn("reading {task.description}", markup=False),
        BarColumn(),
        TaskProgressColumn(),
        TextColumn("{task.fields[rate]}"),
        TimeRemainingColumn(),
        console=console,
        disable=console is None or not console.is_terminal,
        transient=True,
    )
