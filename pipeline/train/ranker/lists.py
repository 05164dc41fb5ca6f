"""Training lists: what a user chose next, among what might have been chosen instead."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

from pipeline.train.ranker.feature_state import RECENCY_DECAY, FeatureState
from pipeline.train.ranker.item_columns import ITEM_COLUMNS, as_unreviewed, known_items
from pipeline.train.ranker.similarities import CONTENT_SIMILARITIES
from recsys.arrays import BoolArray, FloatArray
from recsys.history import History
from recsys.interactions import Interactions

TOP_CANDIDATES: Final = 25
UNIFORM_CANDIDATES: Final = 80
MAX_LISTS: Final = 4_500
"""Most lists of a fold, drawn at random; more were not measured to rank better."""

UNREVIEWED_CANDIDATES: Final = 0.02
UNREVIEWED_TARGETS: Final = 0.05
"""Shares of candidates and of targets that are shown as if nobody had reviewed them.

Without them a head learns nothing of new items, and orders them by its first weights. The larger
share of targets says that people choose a new item more often than one drawn from the catalog.
On the validation days of electronics equal shares found no new item, and 5 and 15 % cost .0023 of
NDCG@10 over all items; these cost .0013. Over the items known then neither cost anything clear.
"""

_POPULARITY: Final = ITEM_COLUMNS.index("log_count_180d")
"""The item column by which popular candidates are chosen: counts that decay with 180 days."""

_OF_BEHAVIOR: Final = len(ITEM_COLUMNS) + np.flatnonzero(
    [name not in CONTENT_SIMILARITIES for name in RECENCY_DECAY]
)
"""The features that are affinities of what people chose, not of what items are."""


class TrainingLists(NamedTuple):
    """Lists of candidates, each beginning with the item that was chosen.

    Attributes:
        users: (m,) int64, the user of each list.
        features: (m, l, f) float32, item columns, affinities and profile of each candidate.
        log_weights: (m, l) float32, log of how many items a candidate stands for; -inf where
            there is no candidate.
    """

    users: NDArray[np.int64]
    features: FloatArray
    log_weights: FloatArray


class Targets(NamedTuple):
    """What is to be predicted: (m,) users and the items that they chose later."""

    users: NDArray[np.int64]
    items: NDArray[np.int64]


def targets_of(later: Interactions, history: History, known: BoolArray) -> Targets:
    """Keep the distinct pairs of users with a history and items that are not in it.

    Args:
        later: What happened after the cutoff.
        history: As of the cutoff.
        known: (n_items,) the items of the catalog then; others are no targets.
    """
    n_items = len(known)
    counts = (later.users >= 0) & (later.items >= 0) & known[later.items]
    pairs = np.unique(later.users[counts] * n_items + later.items[counts])
    users, items = pairs // n_items, pairs % n_items
    told = np.diff(history.starts)[users] > 0
    kept = told & ~is_seen(history, n_items, users, items)
    return Targets(users[kept], items[kept])


def make_lists(
    state: FeatureState, targets: Targets, seed: int, limit: int = MAX_LISTS
) -> TrainingLists:
    """List each target among the likeliest alternatives and some drawn ones.

    Candidates are the target, the best 25 of every affinity and of popularity (weight 1),
    and 80 drawn uniformly, each of which stands for its share of all the rest. What the user
    has already chosen is not a candidate, except for the target, and neither is an item that
    wasn't in the catalog yet. Some are shown without what reviews tell of them.

    Args:
        state: The features before the targets were chosen.
        targets: What users chose next.
        seed: Seed of the draws.
        limit: Most lists; of more targets so many are drawn.
    """
    random = np.random.default_rng(seed)
    drawn = drawn_targets(targets, random, limit)
    users, target_items = targets.users[drawn], targets.items[drawn]
    n_items, known = len(state.columns), known_items(state.columns)
    best = state.affinities.top_items(users, TOP_CANDIDATES)
    popular = np.argsort(-state.columns[:, _POPULARITY], kind="stable")[:TOP_CANDIDATES]
    likely = [target_items[:, None], best.reshape(len(users), best.shape[1] * best.shape[2])]
    likely += [np.broadcast_to(popular, (len(users), len(popular)))]
    drawn_from = np.flatnonzero(known)
    places = random.integers(0, max(len(drawn_from), 1), (len(users), UNIFORM_CANDIDATES))
    candidates = np.concatenate([*likely, drawn_from[places]], axis=1).astype(np.int64)
    counts = _is_first(candidates) & (candidates >= 0) & known[candidates]
    repeated = np.repeat(users, candidates.shape[1])
    seen = is_seen(state.history, n_items, repeated, candidates.reshape(-1))
    counts &= ~seen.reshape(candidates.shape)
    counts[:, 0] = True
    n_unseen = len(drawn_from) - np.diff(state.history.starts)[users]
    log_weights = _log_weights(counts, n_unseen)
    items = np.maximum(candidates, 0)
    features = pair_features(state, repeated, items.reshape(-1)).reshape(*items.shape, -1)
    _show_some_as_unreviewed(features, items, as_unreviewed(state.columns), random)
    return TrainingLists(users, features, log_weights)


def _show_some_as_unreviewed(
    features: FloatArray,
    items: NDArray[np.int64],
    unreviewed: FloatArray,
    random: np.random.Generator,
) -> None:
    """Show some candidates as if nobody had reviewed them, in place.

    So a head learns what price and texts say where nothing else is known, as DropoutNet does
    (Volkovs et al., NeurIPS 2017).

    Args:
        features: (m, l, f) float32.
        items: (m, l), the target first.
        unreviewed: (n_items, 8) item columns without reviews.
        random: Picks them.
    """
    picked = random.random(items.shape) < UNREVIEWED_CANDIDATES
    picked[:, 0] = random.random(len(items)) < UNREVIEWED_TARGETS
    rows, places = np.nonzero(picked)
    features[rows, places, : len(ITEM_COLUMNS)] = unreviewed[items[rows, places]]
    features[rows[:, None], places[:, None], _OF_BEHAVIOR] = 0


def drawn_targets(targets: Targets, random: np.random.Generator, limit: int) -> NDArray[np.int64]:
    """Draw the targets that get a list, ascending; a smaller limit draws some of the same."""
    return np.sort(random.permutation(len(targets.users))[:limit])


def joined(parts: Sequence[TrainingLists]) -> TrainingLists:
    """Concatenate the lists of several folds."""
    users, features, log_weights = (np.concatenate(part) for part in zip(*parts, strict=True))
    return TrainingLists(users, features, log_weights)


def pair_features(state: FeatureState, users: NDArray[Any], items: NDArray[Any]) -> FloatArray:
    """Gather what the head reads of pairs (n,): item columns, affinities, profile, (n, f) float32."""
    phi = state.affinities.of_pairs(users, items)
    return np.concatenate([state.columns[items], phi, state.profiles[users]], axis=1)


def is_seen(
    history: History, n_items: int, users: NDArray[Any], items: NDArray[Any]
) -> NDArray[np.bool_]:
    """Mark the pairs (n,) whose item is in the user's history."""
    owners = np.repeat(np.arange(len(history.starts) - 1), np.diff(history.starts))
    held = np.sort(owners * n_items + history.items)
    if not len(held):
        return np.zeros(len(users), dtype=bool)
    asked = users * n_items + items
    place = np.minimum(np.searchsorted(held, asked), len(held) - 1)
    return np.asarray((held[place] == asked) & (items >= 0))


def _is_first(candidates: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Mark the first occurrence of each candidate in its list."""
    order = np.argsort(candidates, axis=1, kind="stable")
    ordered = np.take_along_axis(candidates, order, axis=1)
    first = np.ones(candidates.shape, dtype=bool)
    first[:, 1:] = ordered[:, 1:] != ordered[:, :-1]
    result = np.empty_like(first)
    np.put_along_axis(result, order, first, axis=1)
    return result


def _log_weights(counts: NDArray[np.bool_], n_unseen: NDArray[np.int64]) -> FloatArray:
    """Weigh drawn candidates by log(|rest| / drawn), likely ones by 0, and none by -inf."""
    likely = counts[:, :-UNIFORM_CANDIDATES].sum(axis=1)
    drawn = np.maximum(counts[:, -UNIFORM_CANDIDATES:].sum(axis=1), 1)
    weight = np.log(np.maximum(n_unseen - likely, drawn) / drawn)
    weights = np.zeros(counts.shape, dtype=np.float32)
    weights[:, -UNIFORM_CANDIDATES:] = weight[:, None]
    weights[~counts] = -np.inf
    return weights
