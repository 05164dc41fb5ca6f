"""Stage `train`: fit the model that the service loads.

The ranker orders the catalog by what a user will choose next, the default. The rating
network says how likely a user is to give five stars, which is another task.
"""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING, Final

from config import Config
from pipeline.train.ranker import stage as ranker
from pipeline.train.rating import stage as rating

if TYPE_CHECKING:
    from rich.console import Console

OBJECTIVES: Final = {"ranker": ranker, "rating": rating}
"""The stage that trains each."""

DEFAULT: Final = "ranker"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the stage."""
    parser.add_argument(
        "--objective",
        choices=OBJECTIVES,
        default=DEFAULT,
        help="what to train: a ranker of what comes next, or a predictor of five-star ratings "
        "(default %(default)s)",
    )
    parser.add_argument(
        "--seed", type=int, default=7, help="same seed, same weights (default %(default)s)"
    )
    ranker.add_arguments(parser)
    rating.add_arguments(parser)


def run(args: argparse.Namespace, config: Config, console: Console) -> None:
    """Train on the artifacts in the configured folders and write the model and its card.

    Raises:
        PipelineError: The data can't teach anything, or the model is no good; the message
            says which.
        storage.artifacts.ArtifactError: An input file is missing or bad.
    """
    OBJECTIVES[args.objective].run(args, config, console)
