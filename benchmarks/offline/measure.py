"""`python -m benchmarks offline`: what each stage costs, and how that grows with the reviews.

    python -m benchmarks offline                        50,000 and 551,159 reviews, by pandas
    python -m benchmarks offline --engines pandas ray   by Ray too
    python -m benchmarks offline --large                2,000,000 too
    python -m benchmarks offline --rows 50000 --stages clean embed --folder FOLDER --json FILE

The reviews are those of `python -m pipeline sample`, with as many users and items a review as
the system that this one replaces had: 551,159 reviews of 131,000 users and 109,000 items. Each
stage is a program of its own. `embed` runs with the encoder of `benchmarks.offline.word_encoder`,
so its figures are those of everything but encoding. Nothing is kept unless --folder names a
place; there, a later call can do the stages that an earlier one left out. Figures are written to
the --json file after each stage, beside those of other stages that it holds.
"""

from __future__ import annotations

import argparse
import os
import sys
import tempfile
from collections.abc import Callable, Iterator, Mapping, Sequence
from pathlib import Path
from typing import Final, NamedTuple

from rich.console import Console

from benchmarks.offline.figures import REFERENCE, Cell, Figures
from benchmarks.offline.process_tree import cost_of
from config import Config
from pipeline.engines import ENGINES, PANDAS

SIZES: Final = (50_000, REFERENCE[0])
LARGE: Final = 2_000_000


class Size(NamedTuple):
    """How much a case holds."""

    rows: int
    users: int
    items: int

    @classmethod
    def of(cls, rows: int) -> Size:
        """Keep the proportions of the reference."""
        return cls(rows, *(round(rows * part / REFERENCE[0]) for part in REFERENCE[1:]))


def main(arguments: Sequence[str]) -> int:
    """Measure the stages at each size, and print one table."""
    parser = argparse.ArgumentParser(
        prog="python -m benchmarks offline",
        description=__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--rows", type=int, nargs="+", default=list(SIZES), metavar="N")
    parser.add_argument("--large", action="store_true", help=f"add {LARGE:,} rows: hours")
    parser.add_argument("--engines", nargs="+", choices=ENGINES, default=[PANDAS])
    parser.add_argument("--stages", nargs="*", choices=(SAMPLE, *STAGES), default=[SAMPLE, *STAGES])
    parser.add_argument("--folder", type=Path, help="where cases are kept; default: nowhere")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    options = parser.parse_args(arguments)
    console, figures = Console(width=120), Figures.read(options.json)
    sizes = [Size.of(rows) for rows in [*options.rows, *([LARGE] if options.large else [])]]
    with tempfile.TemporaryDirectory(prefix="offline-") as temporary:
        folder = options.folder or Path(temporary)
        for size in sizes:
            for cell in _cells(size, options.stages, options.engines):
                measure(cell, size, folder / str(size.rows), figures, console)
    console.print(figures.table())
    return 0


def _cells(size: Size, stages: Sequence[str], engines: Sequence[str]) -> Iterator[Cell]:
    if SAMPLE in stages:
        yield Cell(size.rows, SAMPLE, PANDAS)
    for engine in engines:
        yield from (Cell(size.rows, stage, engine) for stage in STAGES if stage in stages)


def measure(cell: Cell, size: Size, folder: Path, figures: Figures, console: Console) -> None:
    """Run a stage in `folder`, where what it reads must be, and keep what it costs."""
    place = folder / cell.engine
    place.mkdir(parents=True, exist_ok=True)
    config = Config(
        data_path=place / "data",
        embeddings_path=place / "embeddings",
        model_path=place / "models",
        snapshot_path=place / "snapshots",
    )
    reviews = folder / "reviews.csv"
    if cell.stage == SAMPLE:
        command = _sample(size, reviews)
    else:
        command = [*STAGES[cell.stage](reviews, place), "--engine", cell.engine]
    console.log(f"{cell.rows:,} reviews: {cell.stage}, {cell.engine}")
    cost = cost_of([sys.executable, *command], os.environ | config.as_environment())
    console.log(f"{cost.seconds:.1f} s, {cost.gigabytes:.2f} GB")
    figures.keep(cell, cost)


def _sample(size: Size, reviews: Path) -> list[str]:
    """Words of the command that makes the reviews."""
    numbers = {"--rows": size.rows, "--users": size.users, "--items": size.items}
    counts = [word for name, number in numbers.items() for word in (name, str(number))]
    return ["-m", "pipeline", "sample", "--output", str(reviews), *counts]


SAMPLE: Final = "sample"
STAGES: Final[Mapping[str, Callable[[Path, Path], list[str]]]] = {
    "clean": lambda reviews, _: ["-m", "pipeline", "clean", "--reviews", str(reviews)],
    "embed": lambda *_: ["-m", "benchmarks.offline.embed"],
    "train": lambda *_: ["-m", "pipeline", "train", "--objective", "ranker", "--allow-worse"],
    "recommend": lambda _, place: [
        *("-m", "pipeline", "recommend", "--out", str(place / "lists.parquet"))
    ],
}
"""The command of each stage, after the name of the interpreter, given the reviews and a folder."""
