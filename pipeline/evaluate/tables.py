"""The numbers of `report/metrics.json` as tables for a terminal."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from pipeline.number_format import number

if TYPE_CHECKING:
    from rich.console import Console
    from rich.table import Table

_CLASSES = {"five_star": "5 stars", "other": "others"}


def print_tables(numbers: dict[str, Any], console: Console) -> None:
    """Print ranking in both modes, rating and cold start, one table each."""
    for mode, ranking in numbers["ranking"].items():
        console.print(ranking_table(ranking, mode))
    if numbers["rating"]:
        console.print(rating_table(numbers["rating"]))
    console.print(cold_start_user_table(numbers["cold_start_users"]))


def ranking_table(ranking: dict[str, Any], mode: str) -> Table:
    """Lay out each model's ranking, and how far the model in service is ahead of it."""
    table = _table(
        f"Ranking the whole catalog ({mode}): {ranking['cases']:,} cases of "
        f"{ranking['users']:,} users",
        "model",
        ("NDCG@10", "95 %", "Hit@10", "MRR", "served ahead by"),
    )
    for name, part in ranking["models"].items():
        table.add_row(
            name,
            number(part["ndcg@10"]["value"], 4),
            _interval(part["ndcg@10"]),
            number(part["hit_rate@10"]["value"]),
            number(part["mrr"]["value"]),
            _interval(part["lead_of_served"]),
        )
    base = ranking["base_rate"]
    table.add_section()
    table.add_row(
        "random order", number(base["ndcg@10"], 4), "", number(base["hit_rate@10"]), "", ""
    )
    return table


def rating_table(rating: dict[str, Any]) -> Table:
    """Lay out how well each model tells 5-star pairs from others, the base rate beside it."""
    models, base = rating["models"], rating["base_rate"]
    table = _table(
        f"Is the rating 5? {rating['pairs']:,} test pairs of {rating['users']:,} users",
        "measure",
        (*models, "base rate"),
    )
    auc = [model["auc"] for model in models.values()]
    table.add_row("AUC", *(number(part["value"]) for part in auc), number(base["auc"]))
    table.add_row("AUC, 95 %", *(_interval(part) for part in auc), "")
    rows: list[dict[str, Any]] = [*models.values(), base]
    table.add_row("accuracy", *(number(row["accuracy"]) for row in rows))
    for key, label in _CLASSES.items():
        table.add_section()
        for metric, name in (("precision", "precision"), ("recall", "recall"), ("f1", "F1")):
            table.add_row(f"{label}: {name}", *(number(row[key][metric]) for row in rows))
    return table


def cold_start_user_table(cold_start_users: dict[str, Any]) -> Table:
    """Lay out the cold-start rules."""
    k = cold_start_users["k"]
    table = _table(
        f"People first seen in the test period (fresh): {cold_start_users['cases']:,} cases of "
        f"{cold_start_users['users']:,}; validation chooses {cold_start_users['chosen_window_days']} days",
        "rule",
        (f"HitRate@{k}", "95 %", f"NDCG@{k}", "95 %"),
    )
    for name, part in cold_start_users["rules"].items():
        hit_rate, ndcg = part[f"hit_rate@{k}"], part[f"ndcg@{k}"]
        table.add_row(
            name,
            number(hit_rate["value"], 4),
            _interval(hit_rate),
            number(ndcg["value"], 4),
            _interval(ndcg),
        )
    return table


def _table(title: str, first: str, numeric: tuple[str, ...]) -> Table:
    from rich.table import Table

    table = Table(title=title, title_justify="left", title_style="bold")
    table.add_column(first)
    for name in numeric:
        table.add_column(name, justify="right")
    return table


def _interval(part: dict[str, float]) -> str:
    return f"{number(part['low'], 4)} {number(part['high'], 4)}"
