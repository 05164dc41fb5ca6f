"""Stage `report`: a page and notebooks on one's own model, or the project's own report."""

from __future__ import annotations

import argparse
import json
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

from classes.model_card.files import metrics_of
from classes.model_card.text import model_card
from config import PROJECT_ROOT, Config
from pipeline.errors import NothingToMeasureError, PipelineError
from storage.artifacts import METRICS_FILE, ArtifactPaths
from storage.atomic import replacing
from storage.sources import artifact_paths, file_hash

if TYPE_CHECKING:
    from rich.console import Console

MODEL_CARD: Final = "model_card.md"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the stage."""
    parser.add_argument(
        "--measure", action="store_true", help="evaluate first, and run the notebooks too"
    )
    parser.add_argument(
        "--project",
        action="store_true",
        help="rebuild report/ in the checkout, which is about the bundled sample; DATA_PATH and "
        "the other folders are not read",
    )


def run(args: argparse.Namespace, config: Config, console: Console) -> None:
    """Write the report that the arguments ask for.

    Raises:
        PipelineError: There are no numbers of these artifacts, or a notebook failed.
        storage.artifacts.ArtifactError: An input file is missing or bad.
    """
    if args.project:
        _report_on_sample(args.measure, config, console)
    else:
        _report_on_own(args.measure, config, console)


def _report_on_sample(measure_too: bool, config: Config, console: Console) -> None:
    """Fill the tables of report/README.md from the committed numbers, which may be new."""
    from pipeline.evaluate.evaluation import EvaluationOptions
    from pipeline.evaluate.stage import measure
    from pipeline.report import notebooks
    from pipeline.report.markdown_tables import FOLDER, read_numbers, with_tables

    sample = PROJECT_ROOT / "data" / "sample"
    config = replace(
        config,
        data_path=sample / "data",
        embeddings_path=sample / "embeddings",
        model_path=sample / "models",
    )
    if measure_too:
        measure(config, EvaluationOptions(), FOLDER / METRICS_FILE, console)
        notebooks.execute((notebooks.EXPLORATION, notebooks.MODELS), config, FOLDER)
    page = FOLDER / "README.md"
    _write(page, with_tables(page.read_text(encoding="utf-8"), read_numbers()))
    _write_card(artifact_paths(config).model, FOLDER / METRICS_FILE, FOLDER)
    console.print(f"filled the tables of {page}")


def _report_on_own(measure_too: bool, config: Config, console: Console) -> None:
    """Write README.md, and the notebooks if asked to, into a folder beside the model."""
    from pipeline.evaluate.stage import metrics_path
    from pipeline.report import notebooks
    from pipeline.report.own_page import own_page
    from pipeline.train.model_card import read_card

    paths, folder = artifact_paths(config), config.model_path / "report"
    measured = not measure_too or _measure_own(config, console)
    numbers = read_numbers_of(paths, metrics_path(config)) if measured else None
    _write(folder / "README.md", own_page(read_card(paths.model), numbers))
    _write_card(paths.model, metrics_path(config), folder)
    if measure_too:
        notebooks.execute([notebooks.EXPLORATION], config, folder)
        (folder / notebooks.MODELS).unlink(missing_ok=True)
        if measured:
            notebooks.execute([notebooks.MODELS], config, folder)
    console.print(f"wrote the report on your model to {folder}")


def _measure_own(config: Config, console: Console) -> bool:
    """Write the numbers beside the model; False where there is nothing to judge it by."""
    from pipeline.evaluate.evaluation import EvaluationOptions
    from pipeline.evaluate.stage import measure, metrics_path

    try:
        measure(config, EvaluationOptions(), metrics_path(config), console)
    except NothingToMeasureError as error:
        metrics_path(config).unlink(missing_ok=True)
        console.print(f"Nothing to judge the model by: {error}", highlight=False)
        return False
    return True


def read_numbers_of(paths: ArtifactPaths, metrics: Path) -> dict[str, Any]:
    """Read the numbers beside a model.

    Raises:
        PipelineError: There are none, or they are of other data.
        storage.artifacts.ArtifactError: A data file is missing.
    """
    from pipeline.train.rating.data import data_fingerprint

    try:
        numbers: dict[str, Any] = json.loads(metrics.read_text(encoding="utf-8"))
        measured = numbers["data"]["fingerprint"]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise PipelineError(
            f"{metrics} can't be read as numbers of a model ({error}). Measure it: "
            f"python -m pipeline evaluate."
        ) from error
    if measured != data_fingerprint(paths):
        raise PipelineError(
            f"{metrics} is about other data than the files in place. Measure again: "
            f"python -m pipeline evaluate."
        )
    return numbers


def _write_card(model: Path, metrics: Path, folder: Path) -> None:
    """Write the model card into a folder, without figures where they are of another model."""
    from pipeline.train.model_card import read_card

    text = model_card(read_card(model), metrics_of(metrics, file_hash(model)))
    _write(folder / MODEL_CARD, text)


def _write(page: Path, text: str) -> None:
    with replacing(page) as unfinished:
        unfinished.write_text(text, encoding="utf-8")
