"""Stage `train`: fit the model that the service loads.

The ranker orders the catalog by what a user will choose next. The rating network says how
likely a user is to give five stars, which is another task. By default the ranker is trained,
and where the reviews can't teach it, what they allow: a service that answers is better than none.
"""

from __future__ import annotations

import argparse
from collections.abc import Callable
from typing import TYPE_CHECKING, Final

from config import Config
from pipeline.errors import NotTrainableError
from pipeline.train import popularity
from pipeline.train.model_card import Refusals, needed_for
from pipeline.train.ranker import stage as ranker
from pipeline.train.rating import stage as rating
from recsys.split import SplitError

if TYPE_CHECKING:
    from rich.console import Console

DEFAULT: Final = "best"


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the stage."""
    parser.add_argument(
        "--objective",
        choices=OBJECTIVES,
        default=DEFAULT,
        help="what to train: a ranker of what comes next, a predictor of five-star ratings, or "
        "plain popularity; best is the ranker, or where the reviews can't teach it the rating "
        "network, else popularity (default %(default)s)",
    )
    parser.add_argument(
        "--seed", type=int, default=7, help="same seed, same weights (default %(default)s)"
    )
    ranker.add_arguments(parser)
    rating.add_arguments(parser)


def run(args: argparse.Namespace, config: Config, console: Console) -> None:
    """Train on the artifacts in the configured folders and write the model and its card.

    Raises:
        NotTrainableError: The data can't teach the model that was asked for.
        recsys.split.SplitError: The reviews are of a single day, and such a model was asked for.
        storage.artifacts.ArtifactError: An input file is missing or bad.
    """
    OBJECTIVES[args.objective](args, config, console)


def train_best(args: argparse.Namespace, config: Config, console: Console) -> None:
    """Train the ranker, else the rating network, else publish popularity.

    Popularity that ranks better than the ranker is published at once: the rating network
    ranks worse than both wherever that was measured.
    """
    refused: dict[str, NotTrainableError | SplitError] = {}
    for name, train in BETTER_FIRST:
        try:
            train(args, config, console, *([refused] if refused else []))
        except (NotTrainableError, SplitError) as error:
            refused[name] = error
            _tell_refused(name, error, console)
            if isinstance(error, ranker.PopularityAheadError):
                break
        else:
            _tell_served(f"the {name}", refused, console)
            return
    beaten = refused["ranker"]
    if isinstance(beaten, ranker.PopularityAheadError):
        popularity.run(args, config, console, refused, beaten.column)
    else:
        popularity.run(args, config, console, refused)
    _tell_served("popularity, the same order for everybody", refused, console)


BETTER_FIRST: Final[tuple[tuple[str, Callable[..., None]], ...]] = (
    ("ranker", ranker.run),
    ("rating network", rating.run),
)
OBJECTIVES: Final = {
    DEFAULT: train_best,
    "ranker": ranker.run,
    "rating": rating.run,
    "popularity": popularity.run,
}
"""What trains each."""


def _tell_refused(name: str, error: NotTrainableError | SplitError, console: Console) -> None:
    beaten = isinstance(error, ranker.PopularityAheadError)
    how = "is not good enough" if beaten else "can't be trained"
    reason = getattr(error, "reason", str(error))
    console.print(f"The {name} {how} on these reviews. {reason}", style="yellow", highlight=False)


def _tell_served(what: str, refused: Refusals, console: Console) -> None:
    """Say loudly what a fallback is, and what would be needed for better."""
    if not refused:
        return
    needed = dict.fromkeys(needed_for(error) for error in refused.values())
    console.print(
        f"Falling back: the service will rank by {what}. For a better model: "
        f"{'; '.join(needed)}. The model card has the reasons.",
        style="bold yellow",
        highlight=False,
    )
