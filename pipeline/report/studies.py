"""What studies of `benchmarks` measured, kept in files beside the report, and their tables."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Final

from config import PROJECT_ROOT
from pipeline.report.markdown import group, head
from pipeline.report.measures import Measure, Numbers, Rows, cells, difference, labels
from recsys.number_format import number, with_interval

SUCCESSIVE: Final = PROJECT_ROOT / "report" / "successive_tests.json"
REPLAYED: Final = PROJECT_ROOT / "report" / "replayed_events.json"
ABLATIONS: Final = PROJECT_ROOT / "report" / "ablations.json"
SMALL_SHOPS: Final = PROJECT_ROOT / "report" / "small_shops.json"
BEAUTY: Final = PROJECT_ROOT / "report" / "beauty.json"
BY_DATA_SET: Final = {
    "successive": SUCCESSIVE,
    "replayed_events": REPLAYED,
    "ablations": ABLATIONS,
    "small_shops": SMALL_SHOPS,
}
"""The files whose parts are those of data sets, and what a part is called among all numbers of one."""

EVENT_COLUMNS: Final = {
    "once": "NDCG@10, data loaded once",
    "nightly": "histories reloaded each midnight",
    "live": "live events",
    "live ahead": "live ahead of once",
    "live ahead of nightly": "live ahead of midnight",
}
"""What is shown of a group of users with replayed events, and what it is called."""

_four_digits = partial(number, digits=4)
BEAUTY_MEASURES: Final = (
    Measure("HR@5", "hit_rate@5", _four_digits),
    Measure("NDCG@5", "ndcg@5", _four_digits),
    Measure("HR@10", "hit_rate@10", _four_digits),
    Measure("NDCG@10", "ndcg@10", _four_digits),
    Measure("fresh ranker ahead by", "fresh_ranker_ahead", difference),
)

PUBLISHED_ON_BEAUTY: Final[Rows] = {
    "BSARec (Shin et al., AAAI 2024, arXiv 2312.10325)": [".0736", ".0523", ".1008", ".0611", ""],
    "eSASRec (Tikhonovich et al., RecSys 2025, arXiv 2508.06450)": ["", "", ".0928", ".0523", ""],
    "TIGER (Rajput et al., NeurIPS 2023)": [".0454", ".0321", ".0648", ".0384", ""],
    "SASRec (Geng et al., RecSys 2022)": [".0387", ".0249", ".0605", ".0318", ""],
}
"""Cells of models that others measured, on the items of a day as the file gives them."""


def read_study(path: Path) -> Numbers:
    """Read what a study measured, by name of the data set; empty before that."""
    if not path.exists():
        return {}
    numbers: Numbers = json.loads(path.read_text(encoding="utf-8"))
    return numbers


def with_studies(numbers: Numbers, folder: Path) -> Numbers:
    """Add the studies in a folder to the numbers of data sets; others have nowhere to be shown."""
    for key, path in BY_DATA_SET.items():
        for name, part in read_study(folder / path.name).items():
            if name in numbers:
                numbers[name][key] = part
    return numbers


def successive(numbers: Numbers) -> str:
    """Every model on several test periods of a data set, best on all of them first."""
    measured = {name: part["successive"] for name, part in numbers.items() if "successive" in part}
    shares = [f"{100 * share:.0f} %" for share in next(iter(measured.values()))["shares"]]
    lines = head("data", "model", *shares, "all periods", "ranker ahead by")
    for data, part in measured.items():
        models = sorted(part["models"].items(), key=lambda model: -model[1]["all"])
        rows = {
            name: [
                *(number(value) for value in (*model["tests"], model["all"])),
                difference(model["ranker_ahead"]),
            ]
            for name, model in models
        }
        lines += group(f"**{data}**, {', '.join(map(str, part['users']))} users", rows)
    return "\n".join(lines)


def events(numbers: Numbers) -> str:
    """The service with and without live events, by group of users."""
    lines = head("data", "users", *EVENT_COLUMNS.values())
    for data, part in numbers.items():
        groups = part.get("replayed_events", {}).get("groups", {})
        rows = {
            f"{name}: {users['users']:,} users, {users['cases']:,} cases": [
                with_interval(users[column]) for column in EVENT_COLUMNS
            ]
            for name, users in groups.items()
        }
        lines += group(f"**{data}**", rows)
    return "\n".join(lines)


def ablations(numbers: Numbers) -> str:
    """What the ranker loses without each input, by data set."""
    lines = head("data", "without", "NDCG@10 lost on validation days", "lost on test days")
    for data, part in numbers.items():
        if "ablations" in part:
            measured = part["ablations"]
            whole = ", ".join(f"{number(of)} on {days}" for days, of in measured["all"].items())
            rows = {
                name: [with_interval(lost) for lost in found.values()]
                for name, found in measured["without"].items()
            }
            lines += group(f"**{data}**, with everything {whole}", rows)
    return "\n".join(lines)


def small_shops(numbers: Numbers) -> str:
    """Models in small shops drawn from the users of a data set, by the size of a shop."""
    lines = head("data", "model", "validation days", "test days", "ranker ahead by, on test days")
    for data, part in numbers.items():
        for found in sorted(part.get("small_shops", {}).values(), key=lambda found: found["users"]):
            models = sorted(found["models"].items(), key=lambda model: -model[1]["test"]["ndcg@10"])
            rows = {
                name: [
                    *(number(of["ndcg@10"]) for of in (model["validation"], model["test"])),
                    difference(model["test"]["ranker_ahead"]),
                ]
                for name, model in models
            }
            label = (
                f"{found['shops']} shops of {found['users']:,} users, {found['lists']:,} lists each, "
                f"{found['test_users']:,} test users"
            )
            lines += group(f"**{data}**, {label}", rows)
    return "\n".join(lines)


def beauty(_: Numbers) -> str:
    """The ranker on Amazon Beauty beside baselines and published models, by order within a day."""
    lines = head("order within a day", "model", *labels(BEAUTY_MEASURES))
    for order, part in read_study(BEAUTY).items():
        models = sorted(part["models"].items(), key=lambda model: -model[1]["ndcg@10"])
        label = f"**{order}**, {part['seeds']} {'seed' if part['seeds'] == 1 else 'seeds'}"
        lines += group(label, {name: cells(of, BEAUTY_MEASURES) for name, of in models})
    return "\n".join([*lines, *group("**as published**", PUBLISHED_ON_BEAUTY)])
