"""Training the ranker: folds in time, a trial on the validation days, then all of it again.

Each fold makes the feature state of a day and predicts the tenth of the rows that follow; the next
starts half of that later. Those that end before the validation days fit a head that is tried
on these days, the last fold; the shipped head is then fitted on all folds. The test days
teach nothing.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import NotTrainableError
from pipeline.train.progress import Tell
from pipeline.train.ranker.data import RankerData
from pipeline.train.ranker.feature_state import (
    DECAY_SCALES,
    FeatureParts,
    FeatureState,
    at_decay_scale,
    features_at,
    parts_at,
)
from pipeline.train.ranker.head import RankerHead, catalog_loss, catalog_scores
from pipeline.train.ranker.item_columns import ITEM_COLUMNS, POPULARITY_COLUMNS, known_items
from pipeline.train.ranker.lists import (
    MAX_LISTS,
    Targets,
    TrainingLists,
    drawn_targets,
    joined,
    make_lists,
    targets_of,
)
from pipeline.train.ranker.prior import with_prior
from pipeline.train.ranker.validation import ValidationMetrics, sample_users, validate
from recsys.arrays import BoolArray, FloatArray
from recsys.history import History
from recsys.interactions import Interactions
from recsys.split import TemporalCuts, temporal_cuts

if TYPE_CHECKING:
    from pipeline.train.ranker.fitting import RankerPlan

FOLD_SHARES: Final = (0.5, 0.55, 0.6, 0.65, 0.7, 0.75, 0.8)
"""Share of the rows before each fold's days, a tenth of them; the last is validation.

What is popular is the same for all lists of a fold, so more cutoffs taught more than more
lists: with steps of .05 instead of .1 NDCG@10 on validation rose on three sets.
"""

BEFORE_VALIDATION: Final = slice(-2)
"""The folds whose days end before those of the last; the last but one reaches into them."""

VALIDATION_USERS: Final = 3_000
DECAY_SCALE_USERS: Final = 1_000
DECAY_SCALE_LISTS: Final = 1_200


@dataclass(frozen=True)
class Fold:
    """A cutoff and what was chosen next.

    Attributes:
        parts: What the feature state is made of; seven states would take gigabytes.
        before: The interactions before the cutoff.
        targets: The pairs of users and items after it.
    """

    parts: FeatureParts
    before: Interactions
    targets: Targets

    def state(self, decay_scale: float) -> FeatureState:
        """Make the feature state at a decay scale, in which only known items are neighbors."""
        return at_decay_scale(self.parts.state(among=self.known), decay_scale)

    @property
    def known(self) -> BoolArray:
        """The items of the catalog as of the cutoff, (n_items,)."""
        return known_items(self.parts.columns)


@dataclass(frozen=True)
class RankerTrial:
    """How a head that knows nothing of the validation days ranks on them.

    Attributes:
        ranker: Metrics of the head.
        popularity: Metrics of the best popularity column.
        popularity_column: Name of that column.
    """

    ranker: ValidationMetrics
    popularity: ValidationMetrics
    popularity_column: str

    @property
    def gain(self) -> float:
        """NDCG@10 of the ranker less that of popularity."""
        return self.ranker.ndcg - self.popularity.ndcg


def make_folds(
    data: RankerData, item_shrinkage: float, tell: Tell, seed: int | None = None
) -> list[Fold]:
    """Make the folds, the validation days last.

    Args:
        data: The interactions and the catalog.
        item_shrinkage: Pseudo-ratings of an item in the bias model.
        tell: Told how far it is.
        seed: Seed of the draws to come. Folds then know of `asked_users` only, which takes a
            part of the time and of the memory. None: they know of everybody.

    Raises:
        recsys.split.SplitError: Fewer than two days.
        NotTrainableError: Nobody with a history chose anything new in the validation days, or
            in the days before.
    """
    folds = []
    for number, share in enumerate(FOLD_SHARES):
        tell("similarities of the folds", number, len(FOLD_SHARES))
        before, later = _parted(data.interactions, temporal_cuts(data.interactions.days, share))
        asked = None if seed is None else partial(asked_users, later, seed, number)
        parts = parts_at(before, data.catalog, item_shrinkage, asked=asked)
        targets = targets_of(later, parts.history, known_items(parts.columns))
        folds.append(Fold(parts, before, targets))
    taught = sum(len(fold.targets.users) for fold in folds[BEFORE_VALIDATION])
    if not taught or not len(folds[-1].targets.users):
        raise NotTrainableError(
            "Nobody who had reviewed an item before reviewed another one in the validation days, "
            "or in the days before, so nothing can be learned about what comes next.",
            "Give reviews of users who come back",
            "train the rating network: --objective rating",
        )
    return folds


def asked_users(
    later: Interactions, seed: int, number: int, history: History, columns: FloatArray
) -> NDArray[np.int64]:
    """List whom training asks of a fold by its number: for its lists, and as a sample of all."""
    targets = targets_of(later, history, known_items(columns))
    listed = drawn_targets(targets, np.random.default_rng(seed + number), MAX_LISTS)
    sampled = sample_users(targets, VALIDATION_USERS, seed)
    return np.concatenate([targets.users[listed], sampled.users])


def lists_of(
    folds: Sequence[Fold], decay_scale: float, seed: int, limit: int = MAX_LISTS
) -> list[TrainingLists]:
    """Make the training lists of each fold at a decay scale, at most `limit` of one."""
    return [
        make_lists(fold.state(decay_scale), fold.targets, seed + number, limit)
        for number, fold in enumerate(folds)
    ]


def choose_decay_scale(
    earlier: Sequence[Fold], last: Fold, plan: RankerPlan, tell: Tell
) -> tuple[float, dict[str, float]]:
    """Choose how fast older items lose weight, by what predicts the last fold best.

    A linear head is fitted on some lists of the earlier folds at each decay scale, and judged by its
    softmax over the whole catalog for some users of the last.

    Returns:
        The decay scale, and the loss at each, nats a target.
    """
    from pipeline.train.ranker.fitting import fit_head

    linear, losses = replace(plan, hidden_units=0, n_heads=1), {}
    targets = sample_users(last.targets, DECAY_SCALE_USERS, plan.seed)
    for number, decay_scale in enumerate(DECAY_SCALES):
        tell("choosing how fast older items lose weight", number, len(DECAY_SCALES))
        lists = lists_of(earlier, decay_scale, plan.seed, DECAY_SCALE_LISTS)
        head = fit_head(joined(lists), linear)
        losses[decay_scale] = catalog_loss(head, last.state(decay_scale), targets)
    best = min(losses, key=lambda decay_scale: losses[decay_scale])
    return best, {f"{decay_scale:g}": loss for decay_scale, loss in losses.items()}


def try_out(
    earlier: Sequence[TrainingLists], last: Fold, decay_scale: float, plan: RankerPlan, tell: Tell
) -> RankerTrial:
    """Fit a head on lists of the folds before the last, and judge it on the last."""
    head, state = fit(earlier, plan, tell, "trying the ranker"), last.state(decay_scale)
    targets = sample_users(last.targets, VALIDATION_USERS, plan.seed)
    n_users, n_ranked = len(np.unique(targets.users)), 0

    def scores(users: NDArray[Any]) -> NDArray[np.float32]:
        nonlocal n_ranked
        tell("ranking the catalog on the validation days", n_ranked, n_users)
        n_ranked += len(users)
        return catalog_scores(head, state, users)

    ranker = validate(scores, last.before, targets, last.known)
    popular = {
        ITEM_COLUMNS[column]: _validate_popularity(last, column, targets)
        for column in POPULARITY_COLUMNS
    }
    strongest = max(popular, key=lambda name: popular[name].ndcg)
    return RankerTrial(ranker, popular[strongest], strongest)


def fit(
    lists: Sequence[TrainingLists], plan: RankerPlan, tell: Tell, doing: str = "fitting the ranker"
) -> RankerHead:
    """Fit the head on the lists of several folds, with the prior where they are few."""
    from pipeline.train.ranker.fitting import fit_head

    def on_epoch(epoch: int, loss: float) -> None:
        tell(doing, epoch, plan.epochs, f"held-out loss {loss:.4f}")

    tell(doing, 0, plan.epochs)
    head = fit_head(joined(lists), plan, on_epoch)
    return with_prior(head, sum(len(part.users) for part in lists))


def published_state(data: RankerData, item_shrinkage: float, decay_scale: float) -> FeatureState:
    """Make the feature state of all rows, which the service reads."""
    return features_at(data.interactions, data.catalog, item_shrinkage, decay_scale)


def _validate_popularity(fold: Fold, column: int, targets: Targets) -> ValidationMetrics:
    counts = fold.parts.columns[:, column]

    def scores(users: NDArray[Any]) -> NDArray[np.float32]:
        return np.tile(counts, (len(users), 1))

    return validate(scores, fold.before, targets, fold.known)


def _parted(interactions: Interactions, cuts: TemporalCuts) -> tuple[Interactions, Interactions]:
    """Divide interactions, which are in order of time, into those before the first cut and those up to the second."""
    ends = np.searchsorted(interactions.days, [cuts.train_end_day, cuts.validation_end_day])
    first, last = (int(end) for end in ends)
    return interactions.where(slice(first)), interactions.where(slice(first, last))
