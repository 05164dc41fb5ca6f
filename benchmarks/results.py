"""What was measured: as one table for people, and as JSON for whoever compares runs."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from llvmlite import binding
from rich.console import Console
from rich.table import Table

PACKAGES = ("tensorflow", "numba", "numpy", "granian", "flask")


def _machine() -> str:
    """Name the class of machine: cores and vector instructions."""
    features = dict(binding.get_host_cpu_features())
    widest = next((name for name in ("avx512f", "avx2", "neon") if features.get(name)), "scalar")
    return f"{os.cpu_count()} shared cores, {widest.upper()}"


@dataclass(frozen=True)
class Row:
    """One line of the table.

    Attributes:
        what: What was measured.
        value: The figure with its unit.
        compared: With what it was compared, and how.
        target: The target that it is held to; "" where there is none.
        reached: Whether it is reached; None where there is no target.
    """

    what: str
    value: str
    compared: str = ""
    target: str = ""
    reached: bool | None = None


@dataclass
class Results:
    """All rows of one run, in sections."""

    n_items: int
    n_users: int
    rows: list[Row | str] = field(default_factory=list)
    started: float = field(default_factory=time.time)
    machine: str = field(default_factory=_machine)
    load: float = 0.0

    def section(self, title: str) -> None:
        """Begin a new part of the table."""
        self.rows.append(title)

    def add(self, what: str, value: str, compared: str = "") -> None:
        """Add a figure."""
        self.rows.append(Row(what, value, compared))

    def target(self, what: str, value: float, target: float) -> None:
        """Add a figure with its target: at least `target`, or at most -`target` if negative."""
        shown = f"{value:,.0f} ×" if value >= 100 else f"{value:.2f}"
        limit = f"≥ {target:g}" if target > 0 else f"≤ {-target:g}"
        reached = value >= target if target > 0 else value <= -target
        self.rows.append(Row(what, shown, "", limit, bool(reached)))

    @property
    def about(self) -> dict[str, Any]:
        """Say when, on what and with what this was measured."""
        return {
            "date": time.strftime("%Y-%m-%d", time.gmtime(self.started)),
            "machine": self.machine,
            "load_average": round(self.load, 1),
            "python": platform.python_version(),
            "packages": {name: version(name) for name in PACKAGES},
            "n_items": self.n_items,
            "n_users": self.n_users,
            "seconds": round(time.time() - self.started),
        }

    def write(self, path: Path) -> None:
        """Save everything as JSON."""
        rows = [{"section": row} if isinstance(row, str) else asdict(row) for row in self.rows]
        content = json.dumps({**self.about, "rows": rows}, indent=1, ensure_ascii=False)
        path.write_text(content + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Results:
        """Read what `write` wrote."""
        content = json.loads(path.read_text(encoding="utf-8"))
        rows = [row["section"] if "section" in row else Row(**row) for row in content["rows"]]
        day = datetime.fromisoformat(content["date"]).replace(tzinfo=UTC)
        size = content["n_items"], content["n_users"]
        return cls(*size, rows, day.timestamp(), content["machine"], content["load_average"])

    def print(self, console: Console) -> None:
        """Print the table."""
        table = Table("", "measured", "", "target", "reached", title=self._title())
        for what, *cells in self._cells():
            if not any(cells):
                table.add_section()
            table.add_row(what, *cells)
        console.print(table)

    def markdown(self) -> str:
        """Write the table for a README."""
        lines = [f"{self._title()}.", "", "| | measured | | target |", "|---|---|---|---|"]
        for what, value, compared, target, reached in self._cells():
            name = f"**{what}**" if not value else what
            lines.append(
                f"| {name} | {value} | {compared} | {f'{target}: {reached}' if target else ''} |"
            )
        return "\n".join(lines)

    def _title(self) -> str:
        about = self.about
        size = f"{self.n_items:,} items, {self.n_users:,} users"
        load = f"load average {about['load_average']}"
        return f"{size}; {about['date']}, {about['machine']}, {load}"

    def _cells(self) -> Iterator[tuple[str, str, str, str, str]]:
        for row in self.rows:
            if isinstance(row, str):
                yield row, "", "", "", ""
            else:
                reached = {None: "", True: "yes", False: "no"}[row.reached]
                yield row.what, row.value, row.compared, row.target, reached
