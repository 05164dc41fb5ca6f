"""Stage `events`: write what users have done in the service to a file, in the form of raw reviews."""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from config import Config
from recsys import columns

if TYPE_CHECKING:
    from rich.console import Console


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the stage."""
    parser.add_argument(
        "--out",
        type=Path,
        required=True,
        metavar="FILE",
        help="the file to write; its ending chooses the form: .csv, .jsonl (both also .gz) or "
        ".parquet",
    )
    parser.add_argument(
        "--user-column",
        default=columns.USER,
        metavar="NAME",
        help="name of the column of users, as `clean` is told (default: %(default)s)",
    )
    parser.add_argument(
        "--item-column",
        default=columns.ITEM,
        metavar="NAME",
        help="name of the column of items, as `clean` is told (default: %(default)s)",
    )


def run(args: argparse.Namespace, config: Config, console: Console) -> None:
    """Write the events, and say how many.

    Raises:
        PipelineError: The file's ending names no form.
        storage.events.event.EventStoreError: The events can't be read.
    """
    from pipeline.events.export import export_events, open_current_events
    from recsys.cleaning.rows import Keys

    keys = Keys(args.user_column, args.item_column)
    n_events = export_events(open_current_events(config), args.out, keys, console)
    events = f"{n_events:,} event{'' if n_events == 1 else 's'}"
    console.print(f"{args.out} written: {events}", highlight=False, soft_wrap=True)
