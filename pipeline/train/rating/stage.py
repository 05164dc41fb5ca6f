"""`train --objective rating`: fit the rating network and save it with a card.

The label is "the rating is 5". A user's vectors are means over reviews of the training
days, the very rows that the network is trained on, so a training score flatters: the
network partly recognizes what a user has already written about. The reference network was
trained like this, and so it is kept; the validation and test rows are not part of any vector,
and only numbers on them are reported.
"""

from __future__ import annotations

import argparse
import time
from dataclasses import asdict, dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING, Any, Final

import numpy as np
import pandas as pd

from config import Config
from pipeline.errors import NotTrainableError
from pipeline.train.model_card import card_path, refused_facts, save_model, versions
from pipeline.train.rating.data import (
    Features,
    data_fingerprint,
    read_features,
    read_interactions,
    undersample,
)
from pipeline.train.rating.plan import RatingPlan
from pipeline.train.tensorflow_startup import start_tensorflow
from recsys import columns
from recsys.interactions import Interactions
from recsys.split import TRAIN, VALIDATION, temporal_labels
from storage.artifacts import write_frame
from storage.atomic import remove
from storage.sources import artifact_paths

if TYPE_CHECKING:
    from rich.console import Console

    from pipeline.train.model_card import Refusals

FEWEST_ROWS: Final = 50
"""Training rows, as many 5-star ones as others, from which the network is a fallback: fewer
don't tell its hundred thousand weights anything."""


@dataclass(frozen=True)
class Trained:
    """A fitted network with the facts of its card."""

    model: Any
    facts: dict[str, Any]


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare the options of the stage."""
    plan = RatingPlan()
    group = parser.add_argument_group("training the rating network")
    group.add_argument(
        "--epochs", type=_positive, default=plan.epochs, help="most epochs (default %(default)s)"
    )
    group.add_argument(
        "--batch-size",
        type=_positive,
        default=plan.batch_size,
        help="rows a step (default %(default)s)",
    )
    group.add_argument(
        "--patience",
        type=_positive,
        default=plan.patience,
        help="epochs without progress after which training stops (default %(default)s)",
    )


def run(
    args: argparse.Namespace, config: Config, console: Console, instead_of: Refusals | None = None
) -> None:
    """Train on the artifacts in the configured folders and write the model and its card.

    Item similarities, which only a ranker reads, are removed: they may be of other items.

    Args:
        args: The options of the stage.
        config: The folders.
        console: Gets a line an epoch.
        instead_of: Why better models could not be trained, where this one is a fallback; it
            then needs `FEWEST_ROWS`.

    Raises:
        NotTrainableError: The data can't teach the network.
        recsys.split.SplitError: The reviews are of a single day.
        storage.artifacts.ArtifactError: An input file is missing or bad.
    """
    started = time.monotonic()
    paths = artifact_paths(config)
    found = read_features(paths)
    features = without_item_columns(found)
    interactions = read_interactions(paths.clean, features)
    plan = RatingPlan(args.epochs, args.batch_size, args.patience, args.seed)
    fewest = FEWEST_ROWS if instead_of else 0
    trained = train(features, interactions, plan, console, fewest)
    remove(paths.item_affinity)
    if features.widths != found.widths:
        _write_price(features, paths.item_price)
    card = {
        **trained.facts,
        **refused_facts(instead_of),
        "data_fingerprint": data_fingerprint(paths),
        "seconds": round(time.monotonic() - started, 1),
    }
    save_model(trained.model, card, paths.model)
    console.print(f"wrote {paths.model} and {card_path(paths.model).name}")


def train(
    features: Features,
    interactions: Interactions,
    plan: RatingPlan,
    console: Console,
    fewest_rows: int = 0,
) -> Trained:
    """Fit the network on the training days, stopped by the validation days.

    The larger class of the training rows is undersampled at random. Validation keeps all
    its rows, and weighs both classes equally instead, so that both losses mean the same.

    Args:
        features: The inputs of users and items.
        interactions: All of them, whose users are those of the features.
        plan: How to train.
        console: Gets a line an epoch.
        fewest_rows: Undersampled training rows that there have to be.

    Raises:
        recsys.split.SplitError: The interactions span fewer than two days.
        NotTrainableError: A class is absent from the training or validation rows, there are
            too few, or the loss became meaningless.
    """
    start_tensorflow()
    from sklearn.metrics import roc_auc_score

    from pipeline.train.rating import (
        fitting,
        network,  # TensorFlow takes seconds, which --help needn't wait
    )

    parts = temporal_labels(interactions.days)
    rows = interactions.where(interactions.known & (parts == TRAIN))
    held_out = interactions.where(interactions.known & (parts == VALIDATION))
    _refuse_single_class(rows, "training")
    _refuse_single_class(held_out, "validation")
    drawn = np.zeros(len(rows), dtype=bool)
    drawn[undersample(rows.liked, plan.seed)] = True
    _refuse_too_few(int(drawn.sum()), fewest_rows)
    console.print(
        f"{int(drawn.sum()):,} of {len(rows):,} training rows (as many 5-star ones as others), "
        f"{len(held_out):,} validation rows, at most {plan.epochs} epochs"
    )
    model, losses = fitting.fit(features, rows.where(drawn), held_out, plan, console)
    scores = network.predict_pairs(model, features, held_out.users, held_out.items)
    auc = float(roc_auc_score(held_out.liked, scores))
    console.print(
        f"kept epoch {losses.best_epoch} of {len(losses.training)}: validation loss "
        f"{losses.best_loss:.4f}, validation AUC {auc:.3f}"
    )
    return Trained(model, _facts(features, rows, drawn, held_out, plan, losses, auc))


def without_item_columns(features: Features) -> Features:
    """Leave the imputed price alone in the price's table: the rest is the ranker's.

    The ranker's columns know all rows, the validation days too.
    """
    return replace(features, item_price=features.item_price[:, :1])


def _write_price(features: Features, path: Path) -> None:
    frame = pd.DataFrame(
        {columns.PRICE: features.item_price[:, 0]},
        index=pd.Index(features.item_names, name=columns.ITEM, dtype="object"),
    )
    write_frame(frame, path)


def _facts(
    features: Features,
    rows: Interactions,
    drawn: np.ndarray[Any, np.dtype[np.bool_]],
    held_out: Interactions,
    plan: RatingPlan,
    losses: Any,
    auc: float,
) -> dict[str, Any]:
    """Collect the facts for the model card."""
    return {
        "model": "rating network: will the user give the item 5 stars?",
        "widths": list(features.widths),
        "plan": asdict(plan),
        "rows": {
            "training": len(rows),
            "training_five_star_share": round(float(rows.liked.mean()), 4),
            "training_after_undersampling": int(drawn.sum()),
            "validation": len(held_out),
            "validation_five_star_share": round(float(held_out.liked.mean()), 4),
        },
        "epochs": {"run": len(losses.training), "best": losses.best_epoch},
        "validation": {"balanced_loss": round(losses.best_loss, 6), "auc": round(auc, 6)},
        "versions": versions(("keras", "tensorflow", "numpy")),
    }


def _refuse_single_class(rows: Interactions, part: str) -> None:
    liked = int(rows.liked.sum())
    if 0 < liked < len(rows):
        return
    raise NotTrainableError(
        f"The {part} period holds {len(rows):,} reviews by known users, {liked:,} of them with "
        f"5 stars; both kinds are needed.",
        "Give more reviews",
        "check the ratings and times",
    )


def _refuse_too_few(found: int, fewest: int) -> None:
    if found < fewest:
        raise NotTrainableError(
            f"The training period holds {found:,} reviews by known users, as many with 5 stars as "
            f"with fewer; the network needs {fewest:,}.",
            "Give more reviews",
        )


def _positive(text: str) -> int:
    """Read an option that is a whole number from 1 on."""
    number = int(text)
    if number < 1:
        raise argparse.ArgumentTypeError(f"{number} is too small; expected 1 or more")
    return number
