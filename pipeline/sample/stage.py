"""Stage `sample`: generate an Amazon-like reviews file, the same bytes for the same seed.

The shop, its customers and their words are invented (`vocabulary/`, `phrases.toml`);
`behavior` defines what can be learned from them, `defects` what has to be cleaned.
"""

from __future__ import annotations

import argparse
from pathlib import Path
from typing import TYPE_CHECKING

from config import Config
from pipeline.errors import PipelineError
from pipeline.sample.table import SampleSize, as_csv, sample_rows
from pipeline.train.progress import shown_on
from storage.atomic import replacing

if TYPE_CHECKING:
    from rich.console import Console


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the stage."""
    size = SampleSize()
    parser.add_argument(
        "--output", type=Path, help="file to write (default: amazon_reviews.csv in DATA_PATH)"
    )
    for option, default, meaning in (
        ("--seed", 7, "another seed makes another shop"),
        ("--users", size.n_users, "customers"),
        ("--items", size.n_items, "products"),
        ("--rows", size.n_rows, "reviews, approximately"),
    ):
        text = f"{meaning} (default: %(default)s)"
        parser.add_argument(option, type=int, default=default, help=text)


def run(args: argparse.Namespace, config: Config, console: Console) -> None:
    """Generate the reviews and write them atomically.

    Raises:
        PipelineError: The sizes can't be met.
    """
    too_small = [name for name in ("users", "items", "rows") if getattr(args, name) < 1]
    if too_small:
        raise PipelineError(
            f"--{too_small[0]} is {getattr(args, too_small[0])}; expected 1 or more."
        )
    output = args.output or config.data_path / "amazon_reviews.csv"
    with shown_on(console) as tell:
        try:
            rows = sample_rows(args.seed, SampleSize(args.users, args.items, args.rows), tell)
        except ValueError as error:
            raise PipelineError(str(error)) from error
        tell(f"writing {output.name}")
        with replacing(output) as unfinished:
            unfinished.write_bytes(as_csv(rows))
    console.print(f"{output}: {len(rows):,} reviews, {output.stat().st_size / 1e6:.1f} MB")
