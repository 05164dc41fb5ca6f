"""Stage `evaluate`: the numbers of all models, as `report/metrics.json` and a table.

Ranking: does a model put the items that a user reviewed next among the first of the whole
catalog? Rating: can it tell the 5-star pairs from the others among pairs that happened?
These are different tasks, and a model may be good at one and bad at the other.
"""

from __future__ import annotations

import argparse
import json
import math
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from config import PROJECT_ROOT, Config
from storage.atomic import replacing

if TYPE_CHECKING:
    from rich.console import Console

METRICS_PATH: Final = PROJECT_ROOT / "report" / "metrics.json"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the stage."""
    group = parser.add_argument_group("evaluating the models")
    group.add_argument(
        "--split",
        choices=("temporal", "leave-one-out"),
        default="temporal",
        help="the last tenth of the time, or the last item of each user (default %(default)s)",
    )
    group.add_argument(
        *("--baselines", "--rivals"),  # the second is the older spelling
        choices=("all", "minimal", "mission"),
        metavar="{all,minimal}",
        default="all",
        help="tune and judge all baselines, or only plain popularity and ALS (default %(default)s)",
    )
    group.add_argument(
        "--seed", type=int, default=7, help="of ALS and of users drawn (default %(default)s)"
    )
    group.add_argument(
        "--max-users",
        type=int,
        default=0,
        help="ask for at most so many users, drawn at random (default 0: all)",
    )
    group.add_argument(
        "--metrics",
        type=Path,
        default=METRICS_PATH,
        metavar="FILE",
        help="where the numbers go (default report/metrics.json)",
    )
    group.add_argument(
        "--keep-artifacts",
        type=Path,
        metavar="FOLDER",
        help="keep the artifacts that the model was judged on, in FOLDER/stale and FOLDER/fresh;\n"
        "a service that loads them gives the very lists that were judged",
    )


def run(args: argparse.Namespace, config: Config, console: Console) -> None:
    """Evaluate the artifacts in the configured folders, write the numbers and show them.

    Raises:
        pipeline.errors.PipelineError: The data or the model can't be judged.
        storage.artifacts.ArtifactError: An input file is missing or bad.
    """
    from pipeline.evaluate.evaluation import Options, evaluate
    from pipeline.evaluate.results import results
    from pipeline.evaluate.tables import print_tables

    options = Options(
        args.split, args.baselines == "all", args.max_users, args.seed, args.keep_artifacts
    )
    with console.status("reading") as status:
        evaluation = evaluate(config, options, status.update)
        status.update("drawing users anew")
        numbers = results(evaluation)
    write_metrics(numbers, args.metrics)
    print_tables(numbers, console)
    console.print(f"wrote {args.metrics} in {numbers['seconds']:.1f} s")


def write_metrics(numbers: dict[str, Any], path: Path) -> None:
    """Write nested numbers as JSON, atomically; NaN, which JSON lacks, becomes null."""
    text = json.dumps(_plain(numbers), indent=2, allow_nan=False, ensure_ascii=False)
    with replacing(path) as unfinished:
        unfinished.write_text(text + "\n", encoding="utf-8")


def _plain(value: Any) -> Any:
    """Round floats to six places, which the intervals don't reach by far."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value
