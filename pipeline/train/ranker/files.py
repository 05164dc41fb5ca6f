"""The two files by which the service knows a ranker's feature state: similarities and item columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from typing import Any, NamedTuple

import numpy as np
import pandas as pd

from pipeline.train.five_star.text_rate import fit_text_rate
from pipeline.train.model_card import read_card
from pipeline.train.ranker.data import RankerData, read_interactions, read_ranker_data
from pipeline.train.ranker.feature_state import ITEM_SHRINKAGE, FeatureState, features_at
from pipeline.train.ranker.item_columns import ITEM_COLUMNS
from recsys import columns
from recsys.features.five_star_model import FiveStarModel
from recsys.features.user_profile import mean_of
from storage.affinity_file import write_similarities
from storage.artifacts import FIVE_STAR_NOTE, MEAN_RATING_NOTE, ArtifactPaths, write_frame


class TrainedSettings(NamedTuple):
    """What a training chose and a card keeps.

    Attributes:
        item_shrinkage: Pseudo-ratings of an item in the bias model.
        decay_scale: How fast older items of a history lose weight.
        five_star: Coefficients of `recsys.features.five_star_model`; None for the bias model.
    """

    item_shrinkage: float
    decay_scale: float
    five_star: Mapping[str, float] | None = None


def write_features(
    data: RankerData, state: FeatureState, settings: TrainedSettings, paths: ArtifactPaths
) -> None:
    """Write `item_affinity_df.pq` and `item_price_df.pq`, each atomically.

    The latter notes the mean rating of all histories, from which profiles measure. The service
    keeps to it, so that newer histories don't shift what the network reads of everybody. It
    notes the five-star model too, whose text rates are made of these interactions.

    Args:
        data: The interactions and the catalog.
        state: Made of all of these interactions.
        settings: What training chose.
        paths: Where the files are written.
    """
    frame = pd.DataFrame(
        np.column_stack([data.catalog.prices, state.columns]),
        columns=[columns.PRICE, *ITEM_COLUMNS],
        index=pd.Index(data.item_names, name=columns.ITEM, dtype="object"),
    )
    write_similarities(state.similarities, data.item_names, paths.item_affinity)
    mean = mean_of(data.interactions.ratings[state.history.interactions])
    notes = {MEAN_RATING_NOTE: repr(mean)}
    if settings.five_star is not None:
        fitted = fit_text_rate(data.interactions, data.item_vectors, settings.item_shrinkage)
        model = FiveStarModel(settings.five_star, fitted.tolist())
        notes[FIVE_STAR_NOTE] = model.to_json()
    write_frame(frame, paths.item_price, notes)


def write_features_at(paths: ArtifactPaths, earlier: ArtifactPaths) -> None:
    """Write a ranker's two files as they would have been when fewer reviews were known.

    Descriptions and prices of items are facts without a date, so they come from all reviews.

    Args:
        paths: The artifacts of all reviews, with the model and its card.
        earlier: Its `clean` holds the reviews known then; its `item_affinity` and
            `item_price` are written.
    """
    data = read_ranker_data(paths)
    interactions = read_interactions(earlier.clean, data.item_names)
    settings = chosen_by_training(read_card(paths.model))
    state = features_at(interactions, data.catalog, settings.item_shrinkage, settings.decay_scale)
    write_features(replace(data, interactions=interactions), state, settings, earlier)


def chosen_by_training(card: Mapping[str, Any]) -> TrainedSettings:
    """Read what a training chose from its card."""
    chosen = card.get("validation", {}).get("five_star", {})
    plan = card.get("plan", {})
    decay_scale = plan.get("decay_scale", plan.get("pace", 1.0))  # "pace" in older cards
    shrinkage = float(chosen.get("item_shrinkage", ITEM_SHRINKAGE))
    return TrainedSettings(shrinkage, float(decay_scale), card.get("five_star_coefficients"))
