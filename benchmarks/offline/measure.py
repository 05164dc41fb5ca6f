"""`python -m benchmarks offline`: what each stage costs, and how that grows with the reviews.

    python -m benchmarks offline                        50,000 and 551,159 reviews
    python -m benchmarks offline --large                2,000,000 too
    python -m benchmarks offline --rows 50000 --json benchmarks/offline.json

The reviews are those of `python -m pipeline sample`, with as many users and items a review as
the system that this one replaces had: 551,159 reviews of 131,000 users and 109,000 items. Each
stage is a program of its own. `embed` runs with the encoder of `benchmarks.offline.word_encoder`,
so its figures are those of everything but encoding. Files of a finished stage are made anew
each time; nothing is kept unless --folder names a place.
"""

from __future__ import annotations

import argparse
import json
import os
import sys
import tempfile
import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any, Final, NamedTuple

from rich.console import Console
from rich.table import Table

from benchmarks.offline.process_tree import Cost, cost_of
from benchmarks.results import machine
from config import Config

REFERENCE: Final = (551_159, 131_000, 109_000)
"""Reviews, users and items of the system that this one replaces."""

SIZES: Final = (50_000, 551_159)
LARGE: Final = 2_000_000
TARGET_S: Final = 300
"""Every stage but the encoder, at the size of the reference, on two cores."""

ENGINES: Final = ("pandas",)
"""What the stages run on; another engine gets columns of its own beside these."""


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
    parser.add_argument("--large", action="store_true", help=f"add {LARGE:,} rows: an hour or two")
    parser.add_argument("--stages", nargs="+", choices=STAGES, default=list(STAGES))
    parser.add_argument("--folder", type=Path, help="where cases are kept; default: nowhere")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write the figures there too")
    options = parser.parse_args(arguments)
    console = Console(width=None if sys.stdout.isatty() else 110)
    measured: dict[int, dict[str, Cost]] = {}
    with tempfile.TemporaryDirectory(prefix="offline-") as temporary:
        for rows in [*options.rows, *([LARGE] if options.large else [])]:
            folder = (options.folder or Path(temporary)) / str(rows)
            measured[rows] = measure(Size.of(rows), folder, options.stages, console)
    console.print(table(measured))
    if options.json:
        options.json.write_text(json.dumps(as_json(measured), indent=2) + "\n", encoding="utf-8")
    return 0


def measure(size: Size, folder: Path, stages: Sequence[str], console: Console) -> dict[str, Cost]:
    """Run the stages one after the other in `folder`; those left out must have been run there."""
    folder.mkdir(parents=True, exist_ok=True)
    config = Config(
        data_path=folder / "data",
        embeddings_path=folder / "embeddings",
        model_path=folder / "models",
        snapshot_path=folder / "snapshots",
    )
    environment = os.environ | config.as_environment()
    costs = {}
    for stage in stages:
        console.log(f"{size.rows:,} reviews: {stage}")
        costs[stage] = cost_of([sys.executable, *STAGES[stage](size, folder)], environment)
        console.log(f"{costs[stage].seconds:.1f} s, {costs[stage].gigabytes:.2f} GB")
    return costs


def _sample(size: Size, folder: Path) -> list[str]:
    """Words of the command that makes the reviews."""
    numbers = {"--rows": size.rows, "--users": size.users, "--items": size.items}
    counts = [word for name, number in numbers.items() for word in (name, str(number))]
    return ["-m", "pipeline", "sample", "--output", str(_reviews(folder)), *counts]


def _reviews(folder: Path) -> Path:
    return folder / "reviews.csv"


STAGES: Final[Mapping[str, Callable[[Size, Path], list[str]]]] = {
    "sample": _sample,
    "clean": lambda _, folder: ["-m", "pipeline", "clean", "--reviews", str(_reviews(folder))],
    "embed": lambda *_: ["-m", "benchmarks.offline.embed"],
    "train": lambda *_: ["-m", "pipeline", "train", "--objective", "ranker", "--allow-worse"],
    "recommend": lambda _, folder: [
        *("-m", "pipeline", "recommend", "--out", str(folder / "lists.parquet"))
    ],
}
"""The command of each stage, after the name of the interpreter."""


def table(measured: dict[int, dict[str, Cost]]) -> Table:
    """Lay out seconds, processor seconds and memory, and their growth from the size before."""
    shown = Table(title=f"The offline half, {machine()}", caption=_CAPTION)
    for heading in ("reviews", "stage"):
        shown.add_column(heading)
    for engine in ENGINES:
        for heading in ("s", "processor s", "GB", "growth", "target"):
            shown.add_column(f"{engine}: {heading}", justify="right")
    before: dict[str, Cost] = {}
    for rows, costs in measured.items():
        for stage, cost in costs.items():
            growth = target = ""
            if stage in before:
                growth = f"{cost.processor_seconds / before[stage].processor_seconds:.1f} ×"
            if rows == REFERENCE[0]:
                target = f"≤ {TARGET_S} s, {'yes' if cost.seconds <= TARGET_S else 'no'}"
            shown.add_row(
                f"{rows:,}",
                stage,
                f"{cost.seconds:,.1f}",
                f"{cost.processor_seconds:,.1f}",
                f"{cost.gigabytes:.2f}",
                growth,
                target,
            )
        shown.add_section()
        before = costs
    return shown


_CAPTION: Final = (
    "growth: of the processor time, from the size before. embed: all but encoding. On a busy "
    "machine, s can be many times what it is on a quiet one."
)


def as_json(measured: dict[int, dict[str, Cost]]) -> dict[str, Any]:
    """Return the figures by engine, number of reviews and stage, and what they were taken on."""
    figures = {
        str(rows): {stage: _rounded(cost) for stage, cost in costs.items()}
        for rows, costs in measured.items()
    }
    return {
        "date": time.strftime("%Y-%m-%d", time.gmtime()),
        "machine": machine(),
        "load_average": round(os.getloadavg()[2], 1),
        "engines": {ENGINES[0]: figures},
    }


def _rounded(cost: Cost) -> dict[str, float]:
    return {name: round(value, 2) for name, value in cost._asdict().items()}
