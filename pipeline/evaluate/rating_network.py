"""The rating network as a baseline, where another model is in service."""

from __future__ import annotations

import time
from dataclasses import replace
from pathlib import Path

from rich.console import Console

from pipeline.train.model_card import save_model
from pipeline.train.rating.data import read_features, read_interactions
from pipeline.train.rating.plan import RatingPlan
from pipeline.train.rating.stage import train
from recsys import columns
from storage.artifacts import ArtifactPaths, embeddings_frame, read_embeddings, write_frame


def for_network(as_of: ArtifactPaths, model: Path, folder: Path) -> ArtifactPaths:
    """Prepare artifacts as the rating network reads them: no affinities, and the price alone.

    Args:
        as_of: The artifacts of a cutoff.
        model: The network's file.
        folder: Where the file of prices is written.
    """
    prices = read_embeddings(as_of.item_price, columns.ITEM)
    frame = embeddings_frame(prices.names.tolist(), prices.vectors[:, :1], columns.ITEM)
    target = replace(
        as_of, item_price=folder / "price.pq", item_affinity=folder / "none", model=model
    )
    write_frame(frame.set_axis([columns.PRICE], axis=1), target.item_price)
    return target


def trained_network(paths: ArtifactPaths, stale: ArtifactPaths) -> float:
    """Train the network on the training days, and save it where `stale` says.

    Args:
        paths: The artifacts as they are, whose reviews decide which days are training days.
        stale: What `for_network` prepared at the end of the training days.

    Returns:
        The seconds that training took.

    Raises:
        pipeline.errors.PipelineError: It can't be trained on the reviews.
    """
    started = time.monotonic()
    features = read_features(stale)
    interactions = read_interactions(paths.clean, features)
    trained = train(features, interactions, RatingPlan(), Console(quiet=True))
    save_model(trained.model, trained.facts, stale.model)
    return time.monotonic() - started
