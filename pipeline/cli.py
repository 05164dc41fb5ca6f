"""The command line of the offline half: `python -m pipeline STAGE`.

A stage is a module that has `add_arguments(parser)` and `run(args, config, console)`. It is
imported when it is asked for, so that help is instant and a stage needs only its own
libraries.
"""

from __future__ import annotations

import argparse
import importlib
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Final

from config import Config, ConfigError
from pipeline.engines import ON_RAY, add_engine, engine_of, module_on
from pipeline.errors import NothingToMeasureError, PipelineError
from recsys.cleaning.text import printable
from recsys.split import SplitError
from storage.artifacts import ArtifactError

USER_MUST_ACT: Final = 2
INTERRUPTED: Final = 130
OWN_PACKAGES: Final = {"classes", "config", "pipeline", "processes", "recsys", "scoring", "storage"}


@dataclass(frozen=True)
class Stage:
    """One command: its name, what its help says, and the modules that do it, in order."""

    name: str
    summary: str
    reads: str
    writes: str
    example: str
    modules: tuple[str, ...]

    @property
    def description(self) -> str:
        """The text above the options in `python -m pipeline STAGE --help`."""
        return (
            f"{self.summary}\n\nreads    {self.reads}\nwrites   {self.writes}\n"
            f"example  python -m pipeline {self.example}"
        )


STAGES: Final = (
    Stage(
        "sample",
        "Generate a small, messy, Amazon-like reviews file, the same on every machine.",
        "nothing",
        "DATA_PATH/amazon_reviews.csv",
        "sample",
        ("sample.stage",),
    ),
    Stage(
        "clean",
        "Turn raw reviews into cleaned interactions, and count what each rule did.",
        "a reviews file: CSV, parquet or JSON lines, also .gz; for Amazon's JSON lines its\n"
        "         metadata file too",
        "DATA_PATH/clean_df.pq",
        "clean --reviews reviews.csv.gz --user-column reviewerID --item-column asin",
        ("clean.stage",),
    ),
    Stage(
        "embed",
        "Turn the texts and prices of items and the histories of users into vectors.",
        "DATA_PATH/clean_df.pq",
        "EMBEDDINGS_PATH/item_desc_emb_df.pq, item_price_df.pq, user_review_emb_df.pq,\n"
        "         user_item_emb_df.pq",
        "embed",
        ("embed.stage",),
    ),
    Stage(
        "train",
        "Fit the model that the service loads: a ranker of what users choose next, or where the\n"
        "reviews can't teach it a network that predicts five-star ratings, else popularity.",
        "DATA_PATH/clean_df.pq and the files of EMBEDDINGS_PATH",
        "MODEL_PATH/best_model.keras and its card, best_model.json; for a ranker also\n"
        "         EMBEDDINGS_PATH/item_affinity_df.pq and item_price_df.pq",
        "train",
        ("train.stage",),
    ),
    Stage(
        "refresh",
        "Make what the ranker reads anew of all reviews, in minutes: similarities, and how popular\n"
        "and how well rated items are. The model stays as it was trained.",
        "DATA_PATH/clean_df.pq, the files of EMBEDDINGS_PATH, MODEL_PATH/best_model.keras",
        "EMBEDDINGS_PATH/item_affinity_df.pq and item_price_df.pq, and a note in the model's card",
        "refresh",
        ("refresh",),
    ),
    Stage(
        "evaluate",
        "Compare the model with tuned baselines: each ranks the whole catalog for the users of the\n"
        "test days, and some tell five-star ratings from others. Prints tables.",
        "DATA_PATH/clean_df.pq, the files of EMBEDDINGS_PATH, MODEL_PATH/best_model.keras",
        "MODEL_PATH/metrics.json, or the file named by --metrics",
        "evaluate --baselines minimal --metrics metrics.json",
        ("evaluate.stage",),
    ),
    Stage(
        "recommend",
        "Write the recommendations for all known users to one file, as the service returns them.",
        "the files that the service loads, or its published snapshot of them",
        "the file named by --out: userName, rank, itemName, score, and title where there are any",
        "recommend --out lists.parquet --n 10",
        ("recommend",),
    ),
    Stage(
        "report",
        "Describe how good the model is: a page of tables, and with --measure notebooks. With\n"
        "--project, rebuild the project's own report on the bundled sample.",
        "MODEL_PATH/metrics.json; with --measure what evaluate reads",
        "the folder MODEL_PATH/report; with --project the tables of report/README.md, and with\n"
        "         --measure too report/metrics.json and the notebooks",
        "report --measure",
        ("report.stage",),
    ),
    Stage(
        "events",
        "Write what users have done in the service to a file, in the form of raw reviews.",
        "the events in EVENTS_PATH, with EVENTS_URL after fetching those of other machines",
        "the file named by --out, which clean takes by --events or among its reviews",
        "events --out events.parquet",
        ("events.stage",),
    ),
    Stage(
        "run",
        "Run clean, embed, train and evaluate, one after the other.",
        "a reviews file, as clean does",
        "everything that the service loads, and MODEL_PATH/metrics.json",
        "run --reviews reviews.csv.gz --user-column reviewerID --item-column asin",
        ("clean.stage", "embed.stage", "train.stage", "evaluate.stage"),
    ),
)


def main(argv: Sequence[str] | None = None) -> int:
    """Run one stage.

    Returns:
        The exit status: 0 done, 2 the user has to act (one sentence on stderr says how),
        130 interrupted.
    """
    words = sys.argv[1:] if argv is None else list(argv)
    try:
        args = build_parser(words).parse_args(words)
        run_stage(args)
    except (PipelineError, ArtifactError, ConfigError, SplitError, OSError) as error:
        return _refuse(" ".join(str(error).split()))
    except ModuleNotFoundError as error:
        if not error.name or error.name.split(".")[0] in OWN_PACKAGES:
            raise
        return _refuse(
            f"the library {error.name} is not installed; `make pipeline` installs what the "
            f"pipeline needs (or: poetry install --with pipeline)."
        )
    except KeyboardInterrupt:
        print("interrupted; files that were being written are as they were before", file=sys.stderr)
        return INTERRUPTED
    return 0


def build_parser(words: Sequence[str] = ()) -> argparse.ArgumentParser:
    """Describe the command line.

    Args:
        words: The command line. Only the stage that it names is imported and gets its options.
    """
    parser = argparse.ArgumentParser(
        prog="python -m pipeline",
        description="From a reviews file to the artifacts that the service loads.\n"
        "`python -m pipeline STAGE --help` says what a stage reads and writes.",
        epilog="--engine ray, or ENGINE=ray, does the work on all cores or on a cluster.\nFolders are set in the environment: DATA_PATH (data), EMBEDDINGS_PATH (embeddings),\n"
        "MODEL_PATH (models).\n\nexample  python -m pipeline run --reviews reviews.csv.gz",
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    stages = parser.add_subparsers(dest="stage", metavar="STAGE", required=True)
    for stage in STAGES:
        child = stages.add_parser(
            stage.name,
            help=stage.summary,
            description=stage.description,
            formatter_class=argparse.RawDescriptionHelpFormatter,
            conflict_handler="resolve",  # `run` joins stages that share an option
        )
        if stage.name in words[:1]:
            for module in stage.modules:
                importlib.import_module(f"pipeline.{module}").add_arguments(child)
            if ON_RAY.keys() & set(stage.modules):
                add_engine(child)
    return parser


def run_stage(args: argparse.Namespace) -> None:
    """Run the modules of the parsed stage, one after the other on one console.

    Raises:
        PipelineError: A file or an option can't be used; also the error types that
            `main` lists.
    """
    from rich.console import Console  # not installed where only the service is
    from rich.text import Text

    config = Config.from_environment()
    if config.remotes:
        raise ConfigError(
            "DATA_PATH, EMBEDDINGS_PATH or MODEL_PATH is a URL, but the pipeline writes to folders. "
            "Name folders, and publish from them: python -m processes.publish."
        )
    console = Console(markup=False, emoji=False)  # messages quote names from files
    stage = next(stage for stage in STAGES if stage.name == args.stage)
    with engine_of(args):
        for module in stage.modules:
            if len(stage.modules) > 1:
                console.rule(Text(module.partition(".")[0], style="bold"))
            chosen = module_on(args, module)
            try:
                importlib.import_module(f"pipeline.{chosen}").run(args, config, console)
            except NothingToMeasureError as error:
                if len(stage.modules) == 1:
                    raise
                console.print(
                    f"Nothing to judge the model by: {error}", style="bold yellow", highlight=False
                )


def _refuse(sentence: str) -> int:
    print(f"pipeline: {printable(sentence)}", file=sys.stderr)
    return USER_MUST_ACT
