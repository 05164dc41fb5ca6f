"""Tables in Markdown, line by line."""

from __future__ import annotations

from collections.abc import Sequence

from pipeline.report.measures import Rows


def head(*names: str) -> list[str]:
    """Begin a table."""
    return [row(names), "|---" * len(names) + "|"]


def group(label: str, rows: Rows) -> list[str]:
    """Write rows of one data set, its label before the first of them."""
    return [
        row(["" if place else label, name, *cells])
        for place, (name, cells) in enumerate(rows.items())
    ]


def row(cells: Sequence[str]) -> str:
    """Write one line."""
    return f"| {' | '.join(cells)} |"
