"""The feature state as a ranker sees it at some cutoff: made of what happened before, nothing else.

`Interactions` are what happened, a `Catalog` what items are (facts without a date). `features_at`
turns both into what the network reads: similarities, histories, columns and profiles. Training
makes one feature state for each fold's cut, evaluation one for its own, and publishing one of all
rows; they differ only in the interactions they are given, so nothing can leak from later. Whoever
needs several at once holds their `FeatureParts` and makes one state after the other.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property, partial
from typing import Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.train.progress import Tell, silently
from pipeline.train.ranker.item_columns import FIVE_STAR_RATE, item_columns
from pipeline.train.ranker.nearest import NEIGHBORS, Entries, Product, nearest
from pipeline.train.ranker.similarities import (
    recent_similarity,
    sequence_similarity,
    two_step_similarity,
    vector_similarity,
    walk_similarity,
    word_similarity,
)
from pipeline.train.ranker.stacking import scale, stack
from recsys.arrays import BoolArray, FloatArray
from recsys.bias_model import fit_bias_model
from recsys.features.user_profile import FIVE_STAR_PSEUDO_COUNTS, user_profiles
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

SCALE: Final = 3.0
SCALE_PLACE: Final = 20
SCALE_USERS: Final = 2_000
SCALE_SEED: Final = 0
ITEM_SHRINKAGE: Final = 10.0


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
        speaking: (n_items,) the items whose neighbors are kept; None for all.
    """

    behavior: Mapping[str, Entries]
    catalog: Catalog
    history: History
    columns: FloatArray
    profiles: FloatArray
    speaking: BoolArray | None = None

    def of_users(self, users: NDArray[Any]) -> FeatureParts:
        """Keep the neighbors of what some users have: their state is the same, others have none.

        So are scales, since the users from whom they are taken are kept too.
        """
        asked = np.zeros(self.history.n_users, dtype=bool)
        asked[users] = asked[scale_users(self.history)] = True
        speaking = np.zeros(self.catalog.n_items, dtype=bool)
        speaking[self.history.items[asked[self.history.users]]] = True
        behavior = {name: entries.of_items(speaking) for name, entries in self.behavior.items()}
        return replace(self, behavior=behavior, speaking=speaking)

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
        similarities = stacked(made, self.catalog.n_items)
        similarities = with_decay_scale(similarities, self.history, decay_scale)
        return FeatureState(similarities, self.history, self.columns, self.profiles)


def content_similarities(
    texts: NDArray[np.object_], vectors: FloatArray, tell: Tell = silently
) -> dict[str, Entries]:
    """Make the similarities of words and of vectors, which know no time."""
    n = NEIGHBORS
    return {
        "tf": nearest(
            word_similarity(texts.tolist()), n, partial(tell, "comparing words of items")
        ),
        "ml": nearest(vector_similarity(vectors), n, partial(tell, "comparing vectors of items")),
    }


def behavior_similarities(
    history: History, days: NDArray[Any], n_items: int, tell: Tell = silently
) -> dict[str, Entries]:
    """Make the similarities of what people chose, and when: (len(history.items),) days."""

    def kept(similarity: Product, step: str) -> Entries:
        return nearest(similarity, NEIGHBORS, partial(tell, step))

    sequences = kept(sequence_similarity(history, n_items), "following what was chosen after what")
    return {
        "seq": sequences,
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
) -> FeatureParts:
    """Make the parts of the feature state; see `features_at`."""
    history = interactions.histories()
    days, ratings = interactions.days, interactions.ratings
    chosen_on = days[history.interactions]
    behavior = behavior_similarities(history, chosen_on, catalog.n_items, tell)
    rated = interactions.rated()
    rates = fit_bias_model(
        rated.users,
        rated.items,
        rated.liked,
        (interactions.n_users, catalog.n_items),
        (FIVE_STAR_PSEUDO_COUNTS, item_shrinkage),
    ).five_star_rates
    described = item_columns(interactions.items, days, ratings, catalog.log_prices, rates)
    profiles = user_profiles(
        history, ratings[history.interactions], catalog.log_prices, described[:, FIVE_STAR_RATE]
    )
    return FeatureParts(behavior, catalog, history, described, profiles)


def at_decay_scale(state: FeatureState, decay_scale: float) -> FeatureState:
    """The same feature state at another decay scale."""
    similarities = with_decay_scale(state.similarities, state.history, decay_scale)
    return replace(state, similarities=similarities)


def with_decay_scale(
    similarities: ItemSimilarities, history: History, decay_scale: float
) -> ItemSimilarities:
    """Let older items lose weight at another decay scale, and bring the similarities to scale again."""
    decays = np.array(list(RECENCY_DECAY.values()), dtype=np.float32) * np.float32(decay_scale)
    return scaled(similarities._replace(recency_decay=decays), history)


def scale_users(history: History) -> NDArray[np.int64]:
    """Draw the users from whom scales are taken: at most 2,000 with a history."""
    present = np.flatnonzero(np.diff(history.starts))
    return np.random.default_rng(SCALE_SEED).permutation(present)[:SCALE_USERS]


def scaled(similarities: ItemSimilarities, history: History) -> ItemSimilarities:
    """Bring each similarity to one scale: 3 / s_c, s_c the mean 20th largest affinity of a user."""
    drawn = scale_users(history)
    affinities = Affinities(similarities, history.starts, history.items)
    items = affinities.top_items(drawn, SCALE_PLACE)[:, :, -1]
    place, similarity = np.nonzero(items >= 0)
    phi = affinities.of_pairs(drawn[place], items[place, similarity])
    sums = np.zeros(items.shape)
    sums[place, similarity] = np.expm1(phi[np.arange(len(phi)), similarity].astype(np.float64))
    means = sums.sum(axis=0) / max(len(drawn), 1)
    return scale(similarities, np.where(means > 0, SCALE / np.where(means > 0, means, 1.0), 1.0))


def stacked(made: Mapping[str, Entries], n_items: int) -> ItemSimilarities:
    """Stack similarities in their order; one that is empty gets an entry of weight 0.

    Without any entry it would be absent from the file, and its column from the affinities.
    """
    parts = [made[name] if len(made[name].weights) else _nothing(n_items) for name in RECENCY_DECAY]
    decays = np.array(list(RECENCY_DECAY.values()), dtype=np.float32)
    return stack(list(RECENCY_DECAY), decays, parts)


def _nothing(n_items: int) -> Entries:
    counts, last = np.zeros(n_items, dtype=np.int32), np.array([n_items - 1], dtype=np.int32)
    counts[0] = 1
    return Entries(counts, last, np.zeros(1, dtype=np.float32))
