"""The numbers of `report/metrics.json` as tables for a terminal."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_CLASSES = {"five_star": "5 stars", "other": "others"}


def print_tables(numbers: dict[str, Any], console: Console) -> None:
    """Print rating, ranking and cold start, one table each."""
    console.print(rating_table(numbers["rating"]))
    console.print(
        ranking_table(numbers["ranking"], f"Ranking the whole catalogue ({numbers['mode']})")
    )
    console.print(
        ranking_table(numbers["cold_start"], "People first seen in the test period (fresh)")
    )


def rating_table(rating: dict[str, Any]) -> Table:
    """Lay out how well each model tells 5-star pairs from others, the base rate beside it."""
    models, base = rating["models"], rating["base_rate"]
    table = _table(
        f"Is the rating 5? {rating['pairs']:,} test pairs of {rating['users']:,} users",
        "measure",
        (*models, "base rate"),
    )
    auc = [model["auc"] for model in models.values()]
    table.add_row("AUC", *(_short(part["value"]) for part in auc), _short(base["auc"]))
    table.add_row("AUC, 95 %", *(_interval(part) for part in auc), "")
    rows: list[dict[str, Any]] = [*models.values(), base]
    table.add_row("accuracy", *(_short(row["accuracy"]) for row in rows))
    for key, label in _CLASSES.items():
        table.add_section()
        for metric, name in (("precision", "precision"), ("recall", "recall"), ("f1", "F1")):
            table.add_row(f"{label}: {name}", *(_short(row[key][metric]) for row in rows))
    return table


def ranking_table(ranking: dict[str, Any], title: str) -> Table:
    """Lay out HitRate@5 and NDCG@5 of each model, beside those of a random order."""
    k = ranking["k"]
    table = _table(
        f"{title}: {ranking['cases']:,} cases of {ranking['users']:,} users",
        "model",
        (f"HitRate@{k}", "95 %", f"NDCG@{k}", "95 %"),
    )
    for name, numbers in ranking["models"].items():
        cells = [(_short(part["value"], 4), _interval(part)) for part in _hit_and_gain(numbers)]
        table.add_row(name, *cells[0], *cells[1])
    base = ranking["base_rate"]
    table.add_section()
    table.add_row("random order", _short(base["hit_rate"], 4), "", _short(base["ndcg"], 4), "")
    return table


def _table(title: str, first: str, numeric: tuple[str, ...]) -> Table:
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column(first)
    for name in numeric:
        table.add_column(name, justify="right")
    return table


def _hit_and_gain(numbers: dict[str, Any]) -> tuple[dict[str, float], dict[str, float]]:
    return numbers["hit_rate"], numbers["ndcg"]


def _interval(part: dict[str, float]) -> str:
    return f"{_short(part['low'])} to {_short(part['high'])}"


def _short(value: float, digits: int = 3) -> str:
    """Write .123 for 0.123; a dash where there is no number."""
    if math.isnan(value):
        return "-"
    text = f"{value:.{digits}f}"
    return text.removeprefix("0") if value < 1 else text
