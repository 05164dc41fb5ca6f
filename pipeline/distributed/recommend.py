"""`recommend --engine ray`: the lists of ranges of users, as parts of one table."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import pyarrow as pa

from classes.top_lists import BLOCK_USERS
from config import Config
from pipeline import recommend
from pipeline.distributed.cluster import n_cores
from pipeline.distributed.exchange import collected, facts_table
from pipeline.distributed.parts import part_name
from pipeline.distributed.progress import progress
from pipeline.recommend import write_lists_of
from processes.start_build import open_store
from scoring.compiled_search import prepare_search
from storage.atomic import replacing, replacing_by_parts

if TYPE_CHECKING:
    from rich.console import Console

BLOCKS_A_PART: Final = 64


def run(args: argparse.Namespace, config: Config, console: Console) -> None:
    """Recommend as the stage does, on Ray."""
    recommend.run(args, config, console, write_lists)


def write_lists(config: Config, n: int, path: Path, console: Console) -> int:
    """Write the lists of all users of the published snapshot in parts, and count them."""
    import ray.data

    n_users = open_store(config).current().data.n_users
    size = BLOCKS_A_PART * BLOCK_USERS
    ranges = [
        {"number": number, "first": first, "end": min(first + size, n_users)}
        for number, first in enumerate(range(0, n_users, size))
    ]
    data = ray.data.from_items(ranges, override_num_blocks=max(len(ranges), 1))
    doing = progress(console, "Ranking all items for all users", n_users, "users")
    with replacing_by_parts(path) as folder, doing as told:
        data = data.map_batches(
            ListWriter,
            batch_size=1,
            fn_constructor_args=(config, n, folder),
            concurrency=min(n_cores(), max(len(ranges), 1)),
        )
        collected(data, told)
    return n_users


class ListWriter:
    """Writes the lists of ranges of users; the snapshot stays mapped in its process."""

    def __init__(self, config: Config, n: int, folder: Path) -> None:
        """Map the published snapshot; `n` items a list go into parts in `folder`."""
        prepare_search(config.snapshot_path, lambda _: None)
        self._snapshot = open_store(config).current()
        self._n = n
        self._folder = folder

    def __call__(self, batch: dict[str, Any]) -> pa.Table:
        """Write the part of one range {"number", "first", "end"}; return facts."""
        number, first, end = (int(batch[name][0]) for name in ("number", "first", "end"))
        starts = range(first, end, BLOCK_USERS)
        blocks = (range(start, min(start + BLOCK_USERS, end)) for start in starts)
        with replacing(self._folder / part_name(number)) as unfinished:
            write_lists_of(self._snapshot, blocks, self._n, unfinished)
        return facts_table({"done": end - first})
