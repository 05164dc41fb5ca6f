"""The tables of report/README.md, made from the committed numbers.

`report/metrics.json` holds those of the bundled sample, `report/metrics_real.json` those
of public review data that is no part of the project: name of a data set to its numbers,
with the day and the command that made them. `report/successive_tests.json` holds what
`python -m benchmarks successive-tests` measured, by name of the data.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Iterable, Iterator
from pathlib import Path
from typing import Any, Final

from config import PROJECT_ROOT
from pipeline.number_format import number, with_interval

FOLDER: Final = PROJECT_ROOT / "report"
SUCCESSIVE: Final = FOLDER / "successive_tests.json"
SAMPLE: Final = "bundled sample"

_BLOCK: Final = re.compile(r"(<!-- table: (\w+) -->\n)(?:\|[^\n]*\n)*(<!-- end -->)")

Numbers = dict[str, Any]


def read_numbers(folder: Path = FOLDER) -> Numbers:
    """Read the numbers of the sample and of the real data sets, by name of the data."""
    sample = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    numbers = {SAMPLE: sample, **read_real_numbers(folder)}
    for name, part in read_successive(folder / SUCCESSIVE.name).items():
        if name in numbers:  # the report is of data that all was measured on
            numbers[name]["successive"] = part
    return numbers


def read_real_numbers(folder: Path = FOLDER) -> Numbers:
    """Read the numbers of the real data sets, by name of the data."""
    numbers: Numbers = json.loads((folder / "metrics_real.json").read_text(encoding="utf-8"))
    return numbers


def read_successive(path: Path = SUCCESSIVE) -> Numbers:
    """Read what was measured on several test periods, by name of the data; empty before that."""
    if not path.exists():
        return {}
    numbers: Numbers = json.loads(path.read_text(encoding="utf-8"))
    return numbers


def with_tables(text: str, numbers: Numbers) -> str:
    """Fill every block `<!-- table: NAME -->` … `<!-- end -->` of a Markdown text anew."""
    return _BLOCK.sub(lambda block: f"{block[1]}{TABLES[block[2]](numbers)}\n{block[3]}", text)


def ranking(numbers: Numbers) -> str:
    """Every model's ranking in both modes, best first."""
    lines = [
        "| data | model | NDCG@10, fresh | HitRate@10 | MRR | served ahead by | NDCG@10, stale |",
        "|---|---|---|---|---|---|---|",
    ]
    for data, part in numbers.items():
        fresh, stale = (part["ranking"][mode] for mode in ("fresh", "stale"))
        label = f"**{data}**, {fresh['users']:,} users, {fresh['cases']:,} cases"
        lines += _group(
            label,
            (
                [name, *_ranking_cells(model, stale["models"].get(name))]
                for name, model in _by_ndcg(fresh["models"])
            ),
        )
        base = number(fresh["base_rate"]["ndcg@10"]), number(stale["base_rate"]["ndcg@10"])
        lines.append(_row(["", "random order", base[0], "", "", "", base[1]]))
    return "\n".join(lines)


def _ranking_cells(fresh: Numbers, stale: Numbers | None) -> list[str]:
    return [
        with_interval(fresh["ndcg@10"]),
        number(fresh["hit_rate@10"]["value"]),
        number(fresh["mrr"]["value"]),
        with_interval(fresh["lead_of_served"]),
        with_interval(stale["ndcg@10"]) if stale else "",
    ]


def successive(numbers: Numbers) -> str:
    """Every model on several test periods of a data set, best on all of them first."""
    measured = {name: part["successive"] for name, part in numbers.items() if "successive" in part}
    shares = next(iter(measured.values()))["shares"]
    heads = ["data", "model", *(f"{100 * share:.0f} %" for share in shares)]
    heads += ["all", "ranker ahead by"]
    lines = [_row(heads), "|---" * len(heads) + "|"]
    for name, part in measured.items():
        label = f"**{name}**, {', '.join(map(str, part['users']))} users"
        models = sorted(part["models"].items(), key=lambda model: -model[1]["all"])
        lines += _group(label, ([model, *_successive_cells(found)] for model, found in models))
    return "\n".join(lines)


def _successive_cells(model: Numbers) -> list[str]:
    means = [number(value) for value in (*model["tests"], model["all"])]
    return [*means, with_interval(model["ranker_ahead"])]


def rating(numbers: Numbers) -> str:
    """The rating task, one line a model."""
    lines = [
        "| data | model | AUC | accuracy | F1, 5 stars | F1, others |",
        "|---|---|---|---|---|---|",
    ]
    for data, part in numbers.items():
        task = part["rating"]
        if not task:
            continue
        share = number(task["base_rate"]["accuracy"])
        label = f"**{data}**, {task['pairs']:,} pairs, more frequent answer {share}"
        lines += _group(label, ([name, *_rating_cells(m)] for name, m in task["models"].items()))
    return "\n".join(lines)


def _rating_cells(model: Numbers) -> list[str]:
    shares = (model["accuracy"], model["five_star"]["f1"], model["other"]["f1"])
    return [with_interval(model["auc"]), *map(number, shares)]


def cold_start_users(numbers: Numbers) -> str:
    """The cold-start rules on the test period."""
    lines = ["| data | rule | HitRate@5 | NDCG@5 |", "|---|---|---|---|"]
    for data, part in numbers.items():
        task = part["cold_start_users"]
        if not task["cases"]:
            continue
        label = f"**{data}**, {task['users']:,} people, {task['cases']:,} cases"
        lines += _group(
            label,
            (
                [name, *(with_interval(rule[metric]) for metric in ("hit_rate@5", "ndcg@5"))]
                for name, rule in task["rules"].items()
            ),
        )
    return "\n".join(lines)


def windows(numbers: Numbers) -> str:
    """HitRate@5 on validation cold-start users by window and by decay, in days."""
    tried = list(next(iter(numbers.values()))["cold_start_users"]["validation"]["window_days"])
    decays = list(next(iter(numbers.values()))["cold_start_users"]["validation"]["decay_days"])
    heads = [*(f"window {days}" for days in tried), *(f"decay {days}" for days in decays)]
    lines = [_row(["data", *heads]), "|---" * (1 + len(heads)) + "|"]
    for data, part in numbers.items():
        found = part["cold_start_users"]["validation"]
        if part["cold_start_users"]["cases"]:
            values = [*found["window_days"].values(), *found["decay_days"].values()]
            lines.append(_row([data, *(number(value) for value in values)]))
    return "\n".join(lines)


def costs(numbers: Numbers) -> str:
    """What lists look like and what models cost (fresh), best NDCG@10 first."""
    lines = [
        "| data | model | coverage@5 | novelty@5, bits | Gini@5 | fit, s | ms a user | MB |",
        "|---|---|---|---|---|---|---|---|",
    ]
    for data, part in numbers.items():
        models = _by_ndcg(part["ranking"]["fresh"]["models"])
        lines += _group(f"**{data}**", ([name, *_cost_cells(model)] for name, model in models))
    return "\n".join(lines)


def _cost_cells(model: Numbers) -> list[str]:
    variety = (number(model["coverage@5"]), f"{model['novelty@5']:.1f}", number(model["gini@5"]))
    return [*variety, *(_amount(model[key]) for key in _COSTS)]


def runs(numbers: Numbers) -> str:
    """Which command made which numbers, when, and how long it took."""
    lines = ["| data | reviews, users, items | day | seconds | command |", "|---|---|---|---|---|"]
    for name, part in numbers.items():
        data = part["data"]
        size = f"{data['reviews']:,}, {data['users']:,}, {data['items']:,}"
        command = f"`{part.get('command', 'python -m pipeline evaluate')}`"
        lines.append(_row([name, size, part.get("date", ""), f"{part['seconds']:.0f}", command]))
    return "\n".join(lines)


TABLES: Final[dict[str, Callable[[Numbers], str]]] = {
    table.__name__: table
    for table in (ranking, successive, rating, cold_start_users, windows, costs, runs)
}

_COSTS: Final = ("fit_seconds", "ms_a_user", "megabytes")


def _amount(value: float | None) -> str:
    """Write seconds or megabytes so that large and small ones can be compared at a glance."""
    if value is None:
        return "-"
    return "< .01" if value < 0.01 else number(value, 0 if value >= 10 else 1 if value >= 1 else 2)


def _group(label: str, rows: Iterable[list[str]]) -> list[str]:
    """Write rows of cells, the label before the first of them."""
    return [_row(["" if place else label, *cells]) for place, cells in enumerate(rows)]


def _row(cells: list[str]) -> str:
    return f"| {' | '.join(cells)} |"


def _by_ndcg(models: Numbers) -> Iterator[tuple[str, Any]]:
    yield from sorted(models.items(), key=lambda model: -model[1]["ndcg@10"]["value"])
