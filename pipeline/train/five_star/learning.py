"""Learning the five-star model: from ratings of the validation days, and what was known before them."""

from __future__ import annotations

from typing import Final

import numpy as np
from numpy.typing import NDArray

from pipeline.train.five_star.stack import Pairs, StackChoice, choose_stack
from pipeline.train.five_star.text_rate import fit_text_rate
from pipeline.train.ranker.data import RankerData
from pipeline.train.ranker.feature_state import RECENCY_DECAY, FeatureState
from pipeline.train.ranker.item_columns import FIVE_STAR_RATE, ITEM_COLUMNS
from pipeline.train.ranker.lists import is_seen
from pipeline.train.ranker.training import FOLD_SHARES, Fold, asked_users
from recsys.arrays import Rows
from recsys.features.five_star_model import TEXT_RATE, USER_COLUMNS, text_rates, user_columns
from recsys.features.user_profile import FIVE_STAR
from recsys.interactions import Interactions
from recsys.split import VALIDATION, temporal_labels

COLUMNS: Final = (
    *USER_COLUMNS,
    *(f"item.{name}" for name in ITEM_COLUMNS),
    TEXT_RATE,
    *(f"affinity.{name}" for name in RECENCY_DECAY),
)

MOST_OF_NEW_USERS: Final = 5_000
"""Ratings of users without history, drawn at random; they teach a constant and little else."""


def learn_five_stars(
    data: RankerData, fold: Fold, decay_scale: float, item_shrinkage: float, seed: int
) -> StackChoice:
    """Fit on the ratings of the validation days, of the users whom training asks of the last fold.

    Args:
        data: All that training reads.
        fold: The last one, which ends before these days.
        decay_scale: One of `DECAY_SCALES`.
        item_shrinkage: Pseudo-ratings of an item in the bias model.
        seed: Seed of the draws, with which the folds were made.
    """
    validates = temporal_labels(data.interactions.days) == VALIDATION
    later = data.interactions.where(validates)
    last = len(FOLD_SHARES) - 1
    asked = asked_users(later, seed, last, fold.parts.history, fold.parts.columns)
    fitted = fit_text_rate(fold.before, data.item_vectors, item_shrinkage)
    pairs = five_star_pairs(
        later,
        fold.parts.state(decay_scale),
        text_rates(fitted, data.item_vectors),
        asked,
        seed,
    )
    return choose_stack(pairs)


def five_star_pairs(
    later: Interactions, state: FeatureState, rates: NDArray[np.float64], asked: Rows, seed: int
) -> Pairs:
    """Describe ratings by what was known before them.

    Args:
        later: What happened after the state.
        state: As of the cutoff.
        rates: (n_items,) the text rates then.
        asked: The users with a history whose ratings count; the state has their affinities.
        seed: Seed of the draw of ratings by users without one.
    """
    counts = np.diff(state.history.starts)
    rated = later.rated()
    rated = rated.where(rated.known)
    is_new = np.flatnonzero(counts[rated.users] == 0)
    drawn = np.random.default_rng(seed).permutation(is_new)[:MOST_OF_NEW_USERS]
    seen = is_seen(state.history, len(state.columns), rated.users, rated.items)
    kept = np.isin(rated.users, asked) & (counts[rated.users] > 0) & ~seen
    kept[drawn] = True
    users, items = rated.users[kept], rated.items[kept]
    rates_of_users = state.profiles[users, FIVE_STAR].astype(np.float64)
    by_bias_model = np.clip(state.columns[items, FIVE_STAR_RATE] + rates_of_users, 0.0, 1.0)
    columns = pair_columns(state, rates, users, items)
    return Pairs(users, rated.liked[kept], columns, COLUMNS, by_bias_model)


def pair_columns(
    state: FeatureState, rates: NDArray[np.float64], users: Rows, items: Rows
) -> NDArray[np.float64]:
    """Gather `COLUMNS` of pairs, (n, p) float64."""
    parts = (
        user_columns(state.profiles[users]),
        state.columns[items],
        rates[items, None],
        state.affinities.of_pairs(users, items),
    )
    return np.concatenate(parts, axis=1, dtype=np.float64)
