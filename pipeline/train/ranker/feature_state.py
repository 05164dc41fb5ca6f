"""The feature state as a ranker sees it at some cutoff: made of what happened before, nothing else.

`Interactions` are what happened, a `Catalog` what items are (facts without a date). `features_at`
turns both into what the network reads: similarities, histories, columns and profiles. Training
makes one feature state for each fold's cut, evaluation one for its own, and publishing one of all
rows; they differ only in the interactions they are given, so nothing can leak from later. Whoever
needs several at once holds their `FeatureParts` and makes one state after the other.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.train.five_star.bias_choice import fitted_bias_model
from pipeline.train.progress import Tell, silently
from pipeline.train.ranker.item_columns import FIVE_STAR_RATE, item_columns
from pipeline.train.ranker.nearest import NEIGHBORS, Entries, Product, nearest
from pipeline.train.ranker.similarities import (
    recent_similarity,
    sequence_similarity,
    two_step_similarity,
    walk_similarity,
)
from pipeline.train.ranker.stacking import scale_users, scaled, stack
from recsys.arrays import BoolArray, FloatArray
from recsys.features.user_profile import user_profiles
from recsys.history import History
from recsys.interactions import Interactions
from recsys.item_similarities import ItemSimilarities
from scoring.affinities import Affinities

RECENCY_DECAY: Final[Mapping[str, float]] = {
    "seq": 0.4,
    "hop": 0.4,
    "now": 0.4,
    "cf": 0.3,
    "tf": 0.2,
    "ml": 0.2,
}
"""The similarities in the order of the affinity columns, and how fast older items lose weight."""

DECAY_SCALES: Final = (0.25, 0.5, 1.0)
"""What may multiply all decays: how fast people change is chosen on the validation days."""

ITEM_SHRINKAGE: Final = 10.0


Asked = Callable[[History, FloatArray], NDArray[Any]]
"""From histories and item columns to the rows of the users of whom something will be asked."""


@dataclass(frozen=True)
class Catalog:
    """What items are.

    Attributes:
        log_prices: (n_items,) float32, centered, NaN where unknown.
        prices: (n_items,) float32, imputed and scaled.
        fixed: The similarities of their words and vectors, made once for all feature states.
    """

    log_prices: FloatArray
    prices: FloatArray
    fixed: Mapping[str, Entries]

    @property
    def n_items(self) -> int:
        """Items."""
        return len(self.prices)


@dataclass(frozen=True)
class FeatureState:
    """What a network reads of users and items at some cutoff.

    Attributes:
        similarities: Of items to items, scaled.
        history: The newest distinct items of each user.
        columns: (n_items, 8) float32 of `item_columns`.
        profiles: (n_users, 4) float32 of `recsys.features.user_profile`.
    """

    similarities: ItemSimilarities
    history: History
    columns: FloatArray
    profiles: FloatArray

    @cached_property
    def affinities(self) -> Affinities:
        """How strongly the histories speak for items."""
        return Affinities(self.similarities, self.history.starts, self.history.items)


@dataclass(frozen=True)
class FeatureParts:
    """What a feature state is made of, before the similarities are stacked.

    Half of the entries of a stack are the catalog's; parts of several cutoffs share them.

    Attributes:
        behavior: The similarities of what people chose.
        catalog: What items are.
        history: As of the state.
        columns: As of the state.
        profiles: As of the state.
        speaking: (n_items,) the items that have neighbors in it; None for all.
    """

    behavior: Mapping[str, Entries]
    catalog: Catalog
    history: History
    columns: FloatArray
    profiles: FloatArray
    speaking: BoolArray | None = None

    def state(self, decay_scale: float = 1.0, among: BoolArray | None = None) -> FeatureState:
        """Stack the similarities and bring them to scale.

        Args:
            decay_scale: One of DECAY_SCALES.
            among: (n_items,) the items that may be neighbors; None for all.
        """
        made = {**self.behavior, **self.catalog.fixed}
        if self.speaking is not None:
            fixed = self.catalog.fixed.items()
            made |= {name: entries.of_items(self.speaking) for name, entries in fixed}
        if among is not None and not among.all():
            made = {name: entries.among(among) for name, entries in made.items()}
        similarities = stacked(made)
        similarities = with_decay_scale(similarities, self.history, decay_scale)
        return FeatureState(similarities, self.history, self.columns, self.profiles)


def behavior_similarities(
    history: History,
    days: NDArray[Any],
    n_items: int,
    tell: Tell = silently,
    speaking: BoolArray | None = None,
) -> dict[str, Entries]:
    """Make the similarities of what people chose, and when.

    Args:
        history: Of all users.
        days: (len(history.items),) int, when each entry was chosen.
        n_items: Items of the catalog.
        tell: Told how far it is.
        speaking: (n_items,) the items whose neighbors are wanted; None for all.
    """

    def kept(similarity: Product, step: str) -> Entries:
        wanted = similarity if speaking is None else similarity.of_items(speaking)
        return nearest(wanted, NEIGHBORS, partial(tell, step))

    step = partial(tell, "following what was chosen after what")
    sequences = nearest(sequence_similarity(history, n_items), NEIGHBORS, step)
    return {
        "seq": sequences if speaking is None else sequences.of_items(speaking),
        "hop": kept(two_step_similarity(sequences, n_items), "going two steps"),
        "now": kept(recent_similarity(history, days, n_items), "following what is chosen lately"),
        "cf": kept(walk_similarity(history, n_items), "walking over people to other items"),
    }


def features_at(
    interactions: Interactions,
    catalog: Catalog,
    item_shrinkage: float = ITEM_SHRINKAGE,
    decay_scale: float = 1.0,
    tell: Tell = silently,
) -> FeatureState:
    """Make the feature state out of interactions that end where it does.

    Args:
        interactions: What happened so far.
        catalog: What items are.
        item_shrinkage: Pseudo-ratings of an item in the bias model.
        decay_scale: One of DECAY_SCALES.
        tell: Told how far it is.
    """
    return parts_at(interactions, catalog, item_shrinkage, tell).state(decay_scale)


def parts_at(
    interactions: Interactions,
    catalog: Catalog,
    item_shrinkage: float = ITEM_SHRINKAGE,
    tell: Tell = silently,
    asked: Asked | None = None,
) -> FeatureParts:
    """Make the parts of the feature state; see `features_at`.

    Only what some users have gets neighbors where `asked` says who they are: theirs is the same
    state, that of others isn't. Scales are the same too, as their users are always among them.
    """
    history = interactions.histories()
    days, ratings = interactions.days, interactions.ratings
    rates = fitted_bias_model(interactions, catalog.n_items, item_shrinkage).five_star_rates
    described = item_columns(interactions.items, days, ratings, catalog.log_prices, rates)
    profiles = user_profiles(
        history, ratings[history.interactions], catalog.log_prices, described[:, FIVE_STAR_RATE]
    )
    speaking = None
    if asked is not None:
        users = np.concatenate([asked(history, described), scale_users(history)])
        speaking = history.held_by(users, catalog.n_items)
    chosen_on = days[history.interactions]
    behavior = behavior_similarities(history, chosen_on, catalog.n_items, tell, speaking)
    return FeatureParts(behavior, catalog, history, described, profiles, speaking)


def at_decay_scale(state: FeatureState, decay_scale: float) -> FeatureState:
    """Make the same feature state at another decay scale."""
    similarities = with_decay_scale(state.similarities, state.history, decay_scale)
    return replace(state, similarities=similarities)


def with_decay_scale(
    similarities: ItemSimilarities, history: History, decay_scale: float
) -> ItemSimilarities:
    """Let older items lose weight at another decay scale, and bring the similarities to scale again."""
    decays = np.array(list(RECENCY_DECAY.values()), dtype=np.float32) * np.float32(decay_scale)
    return scaled(similarities._replace(recency_decay=decays), history)


def stacked(made: Mapping[str, Entries]) -> ItemSimilarities:
    """Stack similarities in their order."""
    decays = np.array(list(RECENCY_DECAY.values()), dtype=np.float32)
    return stack(list(RECENCY_DECAY), decays, [made[name] for name in RECENCY_DECAY])
