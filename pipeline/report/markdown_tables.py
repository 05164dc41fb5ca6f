"""The tables of report/README.md, made from the committed numbers.

`report/metrics.json` holds those of the bundled sample, `report/metrics_real.json` those
of public review data that is not part of the project, by name of the data set, with the day
and the command that made them. Beside them lie, by name of the data set, the numbers of
`python -m benchmarks successive-tests` and `replay-events`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Callable
from pathlib import Path
from typing import Final

from config import PROJECT_ROOT
from pipeline.report.evaluation_tables import (
    cold_start_users,
    costs,
    diversity,
    modes,
    ranking,
    rating,
    runs,
    subgroups,
    summary,
    whole_catalog,
    windows,
)
from pipeline.report.measures import Numbers
from pipeline.report.studies import (
    ablations,
    beauty,
    events,
    small_shops,
    successive,
    with_studies,
)

FOLDER: Final = PROJECT_ROOT / "report"
SAMPLE: Final = "bundled sample"

_BLOCK: Final = re.compile(r"(<!-- table: (\w+) -->\n)(?:\|[^\n]*\n)*(<!-- end -->)")


def read_numbers(folder: Path = FOLDER) -> Numbers:
    """Read the numbers of the sample and of the real data sets, by name of the data set."""
    sample = json.loads((folder / "metrics.json").read_text(encoding="utf-8"))
    numbers = {SAMPLE: sample, **read_real_numbers(folder)}
    return with_studies(numbers, folder)


def read_real_numbers(folder: Path = FOLDER) -> Numbers:
    """Read the numbers of the real data sets, by name of the data set."""
    numbers: Numbers = json.loads((folder / "metrics_real.json").read_text(encoding="utf-8"))
    return numbers


def with_tables(text: str, numbers: Numbers) -> str:
    """Fill every block `<!-- table: NAME -->` … `<!-- end -->` of a Markdown text again."""
    return _BLOCK.sub(lambda block: f"{block[1]}{TABLES[block[2]](numbers)}\n{block[3]}", text)


TABLES: Final[dict[str, Callable[[Numbers], str]]] = {
    table.__name__: table
    for table in (
        summary,
        ranking,
        whole_catalog,
        modes,
        subgroups,
        successive,
        events,
        beauty,
        ablations,
        small_shops,
        rating,
        cold_start_users,
        windows,
        diversity,
        costs,
        runs,
    )
}
