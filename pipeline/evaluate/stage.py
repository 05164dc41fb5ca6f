"""Stage `evaluate`: the numbers of all models, as `metrics.json` beside the model and as tables.

Ranking: does a model put the items that a user reviewed next among the first of the whole
catalog? Rating: can it tell the 5-star pairs from the others among pairs that happened?
These are different tasks, and a model may be good at one and bad at the other.
"""

from __future__ import annotations

import argparse
import json
import math
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

from config import Config
from pipeline.errors import NothingToMeasureError
from storage.artifacts import METRICS_FILE
from storage.atomic import replacing

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.evaluate.evaluation import EvaluationOptions


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the stage."""
    group = parser.add_argument_group("evaluating the models")
    group.add_argument(
        "--split",
        choices=("temporal", "leave-one-out"),
        default="temporal",
        help="test on the last tenth of the reviews, or on the last item of each user "
        "(default %(default)s)",
    )
    add_baselines(group)
    group.add_argument(
        "--seed",
        type=int,
        default=7,
        help="seed of the draw of users, and of ALS and BPR (default %(default)s)",
    )
    group.add_argument(
        "--max-users",
        type=int,
        default=0,
        metavar="N",
        help="measure on at most N users per cutoff, drawn at random (default 0: all)",
    )
    group.add_argument(
        "--metrics",
        type=Path,
        metavar="FILE",
        help="write the numbers to FILE (default MODEL_PATH/metrics.json)",
    )
    group.add_argument(
        "--keep-artifacts",
        type=Path,
        metavar="FOLDER",
        help="keep the artifacts that the model was measured on in FOLDER/stale and "
        "FOLDER/fresh; a service that loads them returns the very lists that were measured",
    )


def add_baselines(parser: argparse._ActionsContainer) -> None:
    """Declare the option that chooses baselines; None where it isn't given."""
    parser.add_argument(
        "--baselines",
        "--rivals",  # an older spelling
        nargs="+",
        type=_known_baselines,
        metavar="NAME",
        help="compare with these baselines, tuned, and what they build on: names as in the "
        "tables, or the groups all, usual (without LambdaRank, which takes as long as training "
        "twice), minimal (plain popularity and ALS), factors, neighbors, sequences and blends "
        "(default usual)",
    )


def _known_baselines(word: str) -> str:
    """Refuse a word that names no baseline, before anything is computed."""
    from pipeline.evaluate.baselines.choice import baselines_named

    try:
        baselines_named([word])
    except ValueError as error:
        raise argparse.ArgumentTypeError(str(error)) from error
    return word


def run(args: argparse.Namespace, config: Config, console: Console) -> None:
    """Evaluate the artifacts in the configured folders, write the numbers and show them.

    Raises:
        pipeline.errors.NothingToMeasureError: The reviews hold no case to judge a model by.
        pipeline.errors.PipelineError: The model can't be evaluated on the data.
        storage.artifacts.ArtifactError: An input file is missing or bad.
    """
    from pipeline.evaluate.baselines.choice import baselines_named
    from pipeline.evaluate.evaluation import EvaluationOptions

    options = EvaluationOptions(
        split=args.split,
        max_users=args.max_users,
        seed=args.seed,
        keep_artifacts=args.keep_artifacts,
    )
    if args.baselines:
        options = replace(options, baselines=baselines_named(args.baselines))
    beside_model = metrics_path(config)
    try:
        measure(config, options, args.metrics or beside_model, console)
    except NothingToMeasureError:
        beside_model.unlink(missing_ok=True)  # numbers of an earlier model
        raise


def metrics_path(config: Config) -> Path:
    """Return where the numbers of the model in the configured folder lie."""
    return config.model_path / METRICS_FILE


def measure(config: Config, options: EvaluationOptions, path: Path, console: Console) -> None:
    """Evaluate, write the numbers to a file and show them; raises what `evaluate` raises."""
    from pipeline.evaluate.evaluation import evaluate
    from pipeline.evaluate.results import results
    from pipeline.report.terminal_tables import print_tables

    with console.status("reading") as status:
        evaluation = evaluate(config, options, status.update)
        status.update("bootstrapping intervals")
        numbers = results(evaluation)
    write_metrics(numbers, path)
    print_tables(numbers, console)
    console.print(f"wrote {path} in {numbers['seconds']:.1f} s")


def write_metrics(numbers: dict[str, Any], path: Path) -> None:
    """Write nested numbers as JSON, atomically; NaN, which JSON doesn't have, becomes null."""
    text = json.dumps(_plain(numbers), indent=2, allow_nan=False, ensure_ascii=False)
    with replacing(path) as unfinished:
        unfinished.write_text(text + "\n", encoding="utf-8")


def _plain(value: Any) -> Any:
    """Round floats to six places, far finer than the intervals."""
    if isinstance(value, dict):
        return {key: _plain(part) for key, part in value.items()}
    if isinstance(value, list | tuple):
        return [_plain(part) for part in value]
    if isinstance(value, float):
        return round(value, 6) if math.isfinite(value) else None
    return value
