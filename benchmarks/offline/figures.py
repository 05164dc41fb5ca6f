"""What the stages cost, kept in a file from stage to stage, and laid out as one table."""

from __future__ import annotations

import json
import time
from pathlib import Path
from typing import Final, NamedTuple

from rich import box
from rich.table import Table

from benchmarks.offline.process_tree import Cost
from benchmarks.results import machine
from storage.json_file import read_json

REFERENCE: Final = (551_159, 131_000, 109_000)
"""Reviews, users and items of the system that this one replaces."""

TARGET_S: Final = 300
"""Every stage but the encoder, at the size of the reference, on two cores."""

_CAPTION: Final = (
    "growth: of the processor time, from the size before. embed: all but encoding. load: processes "
    "that wanted a core; where it is above the number of cores, s is more than on a quiet machine."
)


class Cell(NamedTuple):
    """A stage on an engine at a size."""

    rows: int
    stage: str
    engine: str


class Figures:
    """The costs measured so far, and the file that they are written to."""

    def __init__(self, path: Path | None, costs: dict[Cell, Cost]) -> None:
        """Hold costs; without a path they are kept nowhere else."""
        self._path, self.costs = path, costs

    @classmethod
    def read(cls, path: Path | None) -> Figures:
        """Go on with what a file holds, if it is there."""
        if path is None or not path.exists():
            return cls(path, {})
        cells = read_json(path)["cells"]
        names = (Cell._fields, Cost._fields)
        keys, values = ([[cell[name] for name in some] for cell in cells] for some in names)
        pairs = zip(keys, values, strict=True)
        return cls(path, {Cell(*key): Cost(*value) for key, value in pairs})

    def keep(self, cell: Cell, cost: Cost) -> None:
        """Add a cost, or replace an older one, and write the file."""
        self.costs[cell] = Cost(*(round(value, 2) for value in cost))
        if self._path is None:
            return
        cells = [{**cell._asdict(), **cost._asdict()} for cell, cost in sorted(self.costs.items())]
        facts = {"date": time.strftime("%Y-%m-%d", time.gmtime()), "machine": machine()}
        text = json.dumps({**facts, "cells": cells}, indent=2)
        self._path.write_text(text + "\n", encoding="utf-8")

    def table(self) -> Table:
        """Lay out what each cell costs, and how that has grown from the size before."""
        title = f"The offline half, {machine()}"
        shown = Table(title=title, caption=_CAPTION, box=box.MARKDOWN)
        for heading in ("reviews", "stage", "engine"):
            shown.add_column(heading)
        for heading in ("s", "processor s", "GB", "load", "growth", "target"):
            shown.add_column(heading, justify="right")
        for cell, cost in self.costs.items():
            shown.add_row(
                f"{cell.rows:,}",
                cell.stage,
                cell.engine,
                f"{cost.seconds:,.0f}",
                f"{cost.processor_seconds:,.0f}",
                f"{cost.gigabytes:.2f}",
                f"{cost.load:.1f}",
                self._growth(cell),
                _target(cell, cost),
            )
        return shown

    def _growth(self, cell: Cell) -> str:
        smaller = [rows for rows, *rest in self.costs if rows < cell.rows and rest == [*cell[1:]]]
        if not smaller:
            return ""
        before = self.costs[cell._replace(rows=max(smaller))]
        return f"{self.costs[cell].processor_seconds / before.processor_seconds:.1f} ×"


def _target(cell: Cell, cost: Cost) -> str:
    if cell.rows != REFERENCE[0]:
        return ""
    return f"≤ {TARGET_S} s, {'yes' if cost.seconds <= TARGET_S else 'no'}"
