"""What studies of `benchmarks` measured on several data sets, kept in files beside the report."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Final

from config import PROJECT_ROOT
from pipeline.number_format import with_interval
from pipeline.report.measures import Numbers, Rows

SUCCESSIVE: Final = PROJECT_ROOT / "report" / "successive_tests.json"
REPLAYED: Final = PROJECT_ROOT / "report" / "replayed_events.json"

EVENT_COLUMNS: Final = {
    "once": "NDCG@10, data loaded once",
    "nightly": "histories reloaded each midnight",
    "live": "live events",
    "live ahead": "live ahead of once",
    "live ahead of nightly": "live ahead of midnight",
}
"""What is shown of a group of users with replayed events, and what it is called."""


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


def event_rows(replayed: Numbers) -> Rows:
    """Lay out the groups of users of one data set; none where nothing was replayed."""
    return {
        f"{name}: {group['users']:,} users, {group['cases']:,} cases": [
            with_interval(group[column]) for column in EVENT_COLUMNS
        ]
        for name, group in replayed.get("groups", {}).items()
    }
