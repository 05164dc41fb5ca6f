"""What studies of `benchmarks` measured on several data sets, kept in files beside the report."""

from __future__ import annotations

import json
from functools import partial
from pathlib import Path
from typing import Final

from config import PROJECT_ROOT
from pipeline.report.measures import Measure, Numbers, Rows, cells
from recsys.number_format import number, with_interval

SUCCESSIVE: Final = PROJECT_ROOT / "report" / "successive_tests.json"
REPLAYED: Final = PROJECT_ROOT / "report" / "replayed_events.json"
BEAUTY: Final = PROJECT_ROOT / "report" / "beauty.json"

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
    Measure("fresh ranker ahead by", "fresh_ranker_ahead"),
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
    for key, path in (("successive", SUCCESSIVE), ("replayed_events", REPLAYED)):
        for name, part in read_study(folder / path.name).items():
            if name in numbers:
                numbers[name][key] = part
    return numbers


def successive_rows(measured: Numbers) -> Rows:
    """Lay out the models that were measured on several test periods, best on all of them first."""
    models = sorted(measured["models"].items(), key=lambda model: -model[1]["all"])
    return {
        name: [
            *(number(value) for value in (*model["tests"], model["all"])),
            with_interval(model["ranker_ahead"]),
        ]
        for name, model in models
    }


def event_rows(replayed: Numbers) -> Rows:
    """Lay out the groups of users of one data set; none where nothing was replayed."""
    return {
        f"{name}: {group['users']:,} users, {group['cases']:,} cases": [
            with_interval(group[column]) for column in EVENT_COLUMNS
        ]
        for name, group in replayed.get("groups", {}).items()
    }


def beauty_rows() -> dict[str, Rows]:
    """Lay out the models on Amazon Beauty by order within a day, best NDCG@10 first."""
    groups = {}
    for order, part in read_study(BEAUTY).items():
        models = sorted(part["models"].items(), key=lambda model: -model[1]["ndcg@10"])
        groups[order] = {name: cells(model, BEAUTY_MEASURES) for name, model in models}
    return {**groups, "as published": PUBLISHED_ON_BEAUTY}
