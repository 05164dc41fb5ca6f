"""Stage `refresh`: what a trained ranker reads, made anew of all reviews; the model stays.

Training makes item similarities and item columns of the reviews that there were. Newer reviews count in
histories at the next reload, but neither in what is popular nor in what goes with what. This
makes both again, in minutes, with the settings that training chose.
"""

from __future__ import annotations

import argparse
import time
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Final

from config import Config
from pipeline.errors import PipelineError
from pipeline.train.tensorflow_startup import start_tensorflow
from storage.artifacts import ArtifactPaths
from storage.sources import artifact_paths

if TYPE_CHECKING:
    from rich.console import Console

N_STEPS: Final = 8
TRAIN: Final = "Train one that does: python -m pipeline train."


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Declare no options: the settings are those of the training."""


def run(
    args: argparse.Namespace,  # noqa: ARG001 - a stage's form
    config: Config,
    console: Console,
) -> None:
    """Write `item_affinity_df.pq` and `item_price_df.pq` of all reviews, and note it in the card.

    Raises:
        PipelineError: The model in place reads other similarities or columns than these.
        storage.artifacts.ArtifactError: An input file is missing or bad.
    """
    from pipeline.train.model_card import read_card, save_card
    from pipeline.train.progress import numbered, shown_on
    from pipeline.train.ranker.data import read_ranker_data
    from pipeline.train.ranker.feature_state import features_at
    from pipeline.train.ranker.files import chosen_by_training, write_features
    from pipeline.train.rating.data import data_fingerprint
    from storage.array_folder import checksum

    started = time.monotonic()
    paths = artifact_paths(config)
    with shown_on(console) as tell:
        step = numbered(tell, N_STEPS)
        step("looking at the model")
        refuse_other_inputs(paths)
        step("reading interactions")
        data = read_ranker_data(paths, step)
        card = read_card(paths.model)
        settings = chosen_by_training(card)
        state = features_at(
            data.interactions, data.catalog, settings.item_shrinkage, settings.decay_scale, step
        )
    write_features(data, state, settings, paths)
    card["refreshed"] = {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "clean_sha256": checksum(paths.clean),
        "data_fingerprint": data_fingerprint(paths),
        "seconds": round(time.monotonic() - started, 1),
    }
    save_card(card, paths.model)
    console.print(f"wrote {paths.item_affinity.name} and {paths.item_price.name}")


def refuse_other_inputs(paths: ArtifactPaths) -> None:
    """Refuse a model that reads anything but the similarities and columns that are made here.

    Raises:
        PipelineError: It is no ranker, or one of another version.
        storage.artifacts.ArtifactError: It is missing or can't be loaded.
    """
    from pipeline.train.ranker.feature_state import RECENCY_DECAY
    from pipeline.train.ranker.item_columns import ITEM_COLUMNS
    from recsys.features.user_profile import PROFILE_COLUMNS

    start_tensorflow()
    from scoring.keras_file import load_network

    widths = [int(each.shape[-1]) for each in load_network(paths.model).inputs][3:]
    expected = [1 + len(ITEM_COLUMNS), len(RECENCY_DECAY), len(PROFILE_COLUMNS)]
    if widths == expected:
        return
    if len(widths) < 2:
        raise PipelineError(
            f"{paths.model.name} reads no similarities, so there is nothing to refresh. {TRAIN}"
        )
    raise PipelineError(
        f"{paths.model.name} reads {widths} item columns, similarities and numbers about the user; "
        f"a refresh makes {expected}. {TRAIN}"
    )
