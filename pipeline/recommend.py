"""The stage `recommend`: the lists of all known users in one file, for e-mail for example.

They are the lists that the service returns, from the same code: of the published snapshot if
it holds the present artifact files, else of one built for the purpose, since the snapshot in
service changes only when the service is told to reload.
"""

from __future__ import annotations

import argparse
import tempfile
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np

from classes.errors import ServiceError
from classes.snapshot import Snapshot
from classes.top_lists import BLOCK_USERS, TOP_K
from config import Config
from pipeline.errors import PipelineError
from processes.start_build import open_store
from recsys import columns
from scoring.compiled_search import prepare_search
from storage.atomic import replacing
from storage.snapshot_folder import SnapshotFolder
from storage.sources import source_fingerprint

if TYPE_CHECKING:
    import pyarrow as pa
    from rich.console import Console

MOST_ITEMS: Final = 1_000


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Add the options of this stage."""
    group = parser.add_argument_group("recommend")
    group.add_argument(
        "--out", type=Path, required=True, metavar="FILE.parquet", help="the file to write"
    )
    group.add_argument(
        "--n",
        type=int,
        default=TOP_K,
        metavar="N",
        help=f"items a user, 1 to {MOST_ITEMS:,}, of which none was reviewed (default: %(default)s)",
    )


def run(
    args: argparse.Namespace,
    config: Config,
    console: Console,
    write: Callable[[Config, int, Path, Console], int] | None = None,
) -> None:
    """Rank for every known user, and write the lists.

    Args:
        args: The options of the stage.
        config: The folders.
        console: Gets the progress.
        write: Does what `write_lists` does on another engine.

    Raises:
        PipelineError: The number of items is out of range, or no snapshot can be built.
    """
    if not 1 <= args.n <= MOST_ITEMS:
        raise PipelineError(f"--n is {args.n}; allowed is 1 to {MOST_ITEMS:,}.")
    try:
        with _with_todays_snapshot(config, console) as published:
            n_lists = (write or write_lists)(published, args.n, args.out, console)
    except ServiceError as error:
        raise PipelineError(str(error)) from error
    console.print(f"Wrote the lists of {n_lists:,} users to {args.out}.")


@contextmanager
def _with_todays_snapshot(config: Config, console: Console) -> Iterator[Config]:
    """Yield where the published snapshot is, or a temporary one if it is missing or out of date."""
    prepare_search(config.snapshot_path, console.print)
    published = SnapshotFolder(config.snapshot_path).pointer.read()
    if published is not None and published.sources == source_fingerprint(config):
        yield config
        return
    config.snapshot_path.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="recommending-", dir=config.snapshot_path) as folder:
        temporary = replace(config, snapshot_path=Path(folder))
        open_store(temporary).ensure(console.print)
        yield temporary


def write_lists(config: Config, n: int, path: Path, console: Console) -> int:
    """Write the lists of all users of the published snapshot, and count them."""
    from rich.progress import track

    snapshot = open_store(config).current()
    n_users = snapshot.data.n_users
    starts = range(0, n_users, BLOCK_USERS)
    with replacing(path) as unfinished:
        shown = track(starts, "Ranking all items for all users", console=console)
        write_lists_of(
            snapshot, (range(s, min(s + BLOCK_USERS, n_users)) for s in shown), n, unfinished
        )
    return n_users


def write_lists_of(snapshot: Snapshot, blocks: Iterable[range], n: int, path: Path) -> None:
    """Write the lists of blocks of users, so that memory doesn't grow with the number of users."""
    import pyarrow.parquet as pq

    items = item_columns(snapshot)
    first = _block_table(snapshot, range(0), n, items)
    with pq.ParquetWriter(path, first.schema) as writer:
        for users in blocks:
            writer.write_table(_block_table(snapshot, users, n, items))


def item_columns(snapshot: Snapshot) -> dict[str, pa.Array]:
    """Return names by item row, and titles where the data has any."""
    import pyarrow as pa

    data = snapshot.data
    names = [data.item(row) for row in range(data.n_items)]
    titles = [data.title_of(row) for row in range(data.n_items)]
    found = {columns.ITEM: pa.array(names, pa.string())}
    if titles != names:
        found[columns.TITLE] = pa.array(titles, pa.string())
    return found


def _block_table(snapshot: Snapshot, users: range, n: int, items: dict[str, pa.Array]) -> pa.Table:
    """Rank for some users, one row per item of a list."""
    import pyarrow as pa

    rankings = snapshot.recommender.rank_unseen(users, n)
    lengths = [len(ranking.rows) for ranking in rankings]
    rows = _joined([ranking.rows for ranking in rankings], np.int32)
    scores = _joined([ranking.scores for ranking in rankings], np.float32)
    names = pa.array([snapshot.data.user(user) for user in users], pa.string())
    ranks = _joined([np.arange(1, length + 1) for length in lengths], np.int32)
    table: dict[str, Any] = {
        columns.USER: names.take(pa.array(np.repeat(np.arange(len(users)), lengths))),
        "rank": ranks,
        columns.ITEM: items[columns.ITEM].take(pa.array(rows)),
        "score": snapshot.model.outputs(scores),
    }
    if columns.TITLE in items:
        table[columns.TITLE] = items[columns.TITLE].take(pa.array(rows))
    return pa.table(table)


def _joined(parts: list[Any], kind: type[np.generic]) -> Any:
    return np.concatenate([np.empty(0, kind), *parts]).astype(kind)
