"""What one run measured: as a table for people, and as JSON for whoever compares runs."""

from __future__ import annotations

import json
import os
import platform
import time
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

from llvmlite import binding
from rich.console import Console
from rich.table import Table

from benchmarks.figures import FIGURES, KEYS

PACKAGES = ("tensorflow", "numba", "numpy", "granian", "flask")


def machine() -> str:
    """Name the class of machine: cores and vector instructions."""
    features = dict(binding.get_host_cpu_features())
    widest = next((name for name in ("avx512f", "avx2", "neon") if features.get(name)), "scalar")
    return f"{os.cpu_count()} shared cores, {widest.upper()}"


@dataclass
class Results:
    """The numbers of one run, by the key of their figure."""

    n_items: int
    n_users: int
    numbers: dict[str, dict[str, float]] = field(default_factory=dict)
    started: float = field(default_factory=time.time)
    machine: str = field(default_factory=machine)
    load: float = 0.0

    def add(self, key: str, **numbers: float) -> None:
        """Add the numbers of a figure.

        Raises:
            KeyError: `FIGURES` has no such figure.
        """
        if key not in KEYS:
            raise KeyError(key)
        self.numbers[key] = {name: float(f"{value:.6g}") for name, value in numbers.items()}

    @property
    def about(self) -> dict[str, Any]:
        """When, on what and with what this was measured."""
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
        content = json.dumps({**self.about, "figures": self.numbers}, indent=1)
        path.write_text(content + "\n", encoding="utf-8")

    @classmethod
    def read(cls, path: Path) -> Results:
        """Read what `write` wrote."""
        content = json.loads(path.read_text(encoding="utf-8"))
        day = datetime.fromisoformat(content["date"]).replace(tzinfo=UTC)
        return cls(
            content["n_items"],
            content["n_users"],
            content["figures"],
            day.timestamp(),
            content["machine"],
            content["load_average"],
        )

    def print(self, console: Console) -> None:
        """Print the table."""
        table = Table("", "measured", "", "target", "reached", title=self._title())
        for label, *cells in self._rows(KEYS):
            if not any(cells):
                table.add_section()
            table.add_row(label, *cells)
        console.print(table)

    def markdown(self, only: Collection[str] = KEYS) -> str:
        """Write the table for a document, or some of its figures."""
        lines = [f"{self._title()}.", "", "| | measured | | target |", "|---|---|---|---|"]
        for label, measured, compared, target, reached in self._rows(only):
            name = label if measured else f"**{label}**"
            held = f"{target}: {reached}" if target else ""
            lines.append(f"| {name} | {measured} | {compared} | {held} |")
        return "\n".join(lines)

    def _title(self) -> str:
        about = self.about
        size = f"{self.n_items:,} items, {self.n_users:,} users"
        load = f"load average {about['load_average']}"
        return f"{size}; {about['date']}, {about['machine']}, {load}"

    def _rows(self, only: Collection[str]) -> Iterator[tuple[str, str, str, str, str]]:
        """List the cells of what was measured; the titles only beside all figures."""
        title = ""
        for figure in FIGURES:
            if isinstance(figure, str):
                title = figure if only is KEYS else ""
            elif figure.key in self.numbers and figure.key in only:
                if title:
                    yield title, "", "", "", ""
                    title = ""
                yield figure.cells(self.numbers[figure.key])
