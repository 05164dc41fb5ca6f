"""The numbers of `metrics.json` as tables for a terminal."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

from pipeline.report.measures import (
    COLD_START,
    DIVERSITY,
    RANKING,
    RATING,
    cold_start_rows,
    diversity_rows,
    labels,
    ranking_rows,
    rating_rows,
)

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table


def print_tables(numbers: dict[str, Any], console: Console) -> None:
    """Print ranking at both cutoffs, rating and cold start, one table each."""
    for mode, ranking in numbers["ranking"].items():
        title = (
            f"Ranking the whole catalog ({mode}): {ranking['cases']:,} cases of "
            f"{ranking['users']:,} users"
        )
        console.print(_table(title, ["model", *labels(RANKING)], ranking_rows(ranking)))
    if "diversity" in numbers:
        title = "The lists in service with diversity (fresh)"
        rows = diversity_rows(numbers["diversity"])
        console.print(_table(title, ["lists", *labels(DIVERSITY)], rows))
    if numbers["rating"]:
        console.print(rating_table(numbers["rating"]))
    cold_start = numbers["cold_start_users"]
    title = (
        f"People first seen in the test period (fresh): {cold_start['cases']:,} cases of "
        f"{cold_start['users']:,}; validation chooses {cold_start['chosen_window_days']} days"
    )
    console.print(_table(title, ["rule", *labels(COLD_START)], cold_start_rows(cold_start)))


def rating_table(rating: dict[str, Any]) -> Table:
    """Lay out how well each model tells 5-star pairs from others, one column per model."""
    title = f"Is the rating 5? {rating['pairs']:,} test pairs of {rating['users']:,} users"
    models = rating_rows(rating)
    by_measure = zip(labels(RATING), zip(*models.values(), strict=True), strict=True)
    return _table(title, ["measure", *models], dict(by_measure))


def _table(title: str, heads: Sequence[str], rows: Mapping[str, Sequence[str]]) -> Table:
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold")
    for place, head in enumerate(heads):
        table.add_column(head, justify="right" if place else "left")
    for name, cells in rows.items():
        table.add_row(name, *cells)
    return table
