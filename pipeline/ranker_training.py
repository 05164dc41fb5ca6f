"""Training the ranker: folds in time, a choice on the validation days, then all of it again.

Each fold makes the world of a day and foretells the tenth of the rows that follow. The
first three choose the form of the head, by how well it foretells the fourth, which are the
validation days; the shipped head is then fitted on all four. The test days teach nothing.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any, Final

import numpy as np
from numpy.typing import NDArray

from pipeline.errors import PipelineError
from pipeline.item_columns import ITEM_COLUMNS, POPULARITY_COLUMNS
from pipeline.ranker_data import RankerData
from pipeline.ranker_head import Head, catalog_loss, catalog_scores, list_loss
from pipeline.ranker_judging import Judgement, judge, sample_users
from pipeline.ranker_lists import MAX_LISTS, Lists, Targets, joined, make_lists, targets_of
from pipeline.ranker_world import PACES, Log, World, at_pace, world_of
from recsys.split import TemporalCuts, temporal_cuts
from recsys.user_profile import PROFILE_COLUMNS

if TYPE_CHECKING:
    from pipeline.ranker_fitting import RankerPlan

FOLD_SHARES: Final = (0.5, 0.6, 0.7, 0.8)
"""Share of the rows before each fold's days, a tenth of them; the last is validation."""

JUDGED_USERS: Final = 3_000
PACE_USERS: Final = 1_000
PACE_LISTS: Final = 2_000

Tell = Callable[[str], object]


@dataclass(frozen=True)
class Fold:
    """A moment and what was chosen next: the world, the pairs, their lists."""

    world: World
    before: Log
    targets: Targets
    lists: Lists


@dataclass(frozen=True)
class Choice:
    """The form of the head that foretold the validation days best.

    Attributes:
        hidden: Whether it has hidden units.
        profile: Whether it reads the profile of the user.
        losses: Of all forms, nats a list.
        ranker: How the chosen one ranks on the validation days.
        popularity: How the best popularity does.
        popularity_column: Which one that is.
    """

    hidden: bool
    profile: bool
    losses: dict[str, float]
    ranker: Judgement
    popularity: Judgement
    popularity_column: str

    @property
    def gain(self) -> float:
        """NDCG@10 of the ranker less that of popularity."""
        return self.ranker.ndcg - self.popularity.ndcg


def make_folds(data: RankerData, seed: int, item_shrinkage: float, tell: Tell) -> list[Fold]:
    """Make the folds, the validation days last.

    Raises:
        recsys.split.SplitError: Fewer than two days.
        PipelineError: Nobody with a history chose anything new in the validation days.
    """
    folds = []
    for number, share in enumerate(FOLD_SHARES):
        tell(f"fold {number + 1} of {len(FOLD_SHARES)}: kernels and lists")
        before, later = _parted(data.log, temporal_cuts(data.log.days, share))
        world = world_of(before, data.catalog, data.n_users, item_shrinkage)
        targets = targets_of(later, world)
        folds.append(Fold(world, before, targets, make_lists(world, targets, seed + number)))
    if not len(folds[-1].targets.users):
        raise PipelineError(
            "Nobody who had reviewed an item before reviewed another one in the validation days, "
            "so nothing can be learned about what comes next. Give reviews of users who come "
            "back, or train the rating network: --objective rating."
        )
    return folds


def choose_pace(folds: list[Fold], plan: RankerPlan, tell: Tell) -> tuple[float, dict[str, float]]:
    """Choose how fast older items lose weight, by what foretells the last fold best.

    A linear head is fitted on some lists of the other folds at each pace, and judged by its
    softmax over the whole catalogue for some users of the last.

    Returns:
        The pace, and the loss at each, nats a target.
    """
    from pipeline.ranker_fitting import fit_head

    linear, losses = replace(plan, hidden_units=0, n_heads=1), {}
    targets = sample_users(folds[-1].targets, PACE_USERS, plan.seed)
    for pace in PACES:
        tell(f"choosing how fast older items lose weight: {pace:g}")
        paced = [at_pace_of(fold, pace, plan.seed, PACE_LISTS) for fold in folds]
        lists = joined([fold.lists for fold in paced[:-1]])
        head = fit_head(_seen_by(lists, False), linear).head.padded(lists.n_inputs)
        losses[pace] = catalog_loss(head, paced[-1].world, targets)
    best = min(losses, key=lambda pace: losses[pace])
    return best, {f"{pace:g}": loss for pace, loss in losses.items()}


def at_pace_of(fold: Fold, pace: float, seed: int, limit: int = MAX_LISTS) -> Fold:
    """The same fold at another pace."""
    kernels = at_pace(fold.world.kernels, fold.world.history, pace)
    world = replace(fold.world, kernels=kernels)
    return replace(fold, world=world, lists=make_lists(world, fold.targets, seed, limit))


def choose(folds: list[Fold], data: RankerData, plan: RankerPlan, tell: Tell) -> Choice:
    """Fit each form of the head on all folds but the last, and compare them on the last."""
    from pipeline.ranker_fitting import fit_head

    single = replace(plan, n_heads=1)
    lists, last = joined([fold.lists for fold in folds[:-1]]), folds[-1]
    heads: dict[str, Head] = {}
    for name, (hidden, profile) in FORMS.items():
        tell(f"choosing the form of the head: {name}")
        form = single if hidden else replace(single, hidden_units=0)
        heads[name] = fit_head(_seen_by(lists, profile), form).head.padded(lists.n_inputs)
    losses = {name: list_loss(head, last.lists) for name, head in heads.items()}
    best = min(losses, key=lambda name: losses[name])
    tell("ranking the catalogue on the validation days")
    targets = sample_users(last.targets, JUDGED_USERS, plan.seed)
    ranker = judge(
        lambda users: catalog_scores(heads[best], last.world, users),
        last.before, targets, data.n_users, data.catalog.n_items,
    )  # fmt: skip
    popular = {
        ITEM_COLUMNS[column]: _judge_popularity(last, column, targets, data)
        for column in POPULARITY_COLUMNS
    }
    strongest = max(popular, key=lambda name: popular[name].ndcg)
    return Choice(*FORMS[best], losses, ranker, popular[strongest], strongest)


FORMS: Final = {
    "linear": (False, False),
    "hidden": (True, False),
    "hidden with profile": (True, True),
}
"""Forms of the head: whether it has hidden units, whether it reads the user's profile."""


def fit_final(folds: list[Fold], choice: Choice, plan: RankerPlan, tell: Tell) -> Head:
    """Fit the chosen form on all folds, several heads averaged."""
    from pipeline.ranker_fitting import fit_head

    form = plan if choice.hidden else replace(plan, hidden_units=0)
    lists = joined([fold.lists for fold in folds])

    def on_epoch(epoch: int, loss: float) -> None:
        tell(f"fitting the ranker, epoch {epoch}: held-out loss {loss:.4f}")

    fitted = fit_head(_seen_by(lists, choice.profile), form, on_epoch)
    return fitted.head.padded(lists.n_inputs)


def published_world(data: RankerData, item_shrinkage: float, pace: float) -> World:
    """The world of all rows: what the service reads."""
    return world_of(data.log, data.catalog, data.n_users, item_shrinkage, pace)


def _seen_by(lists: Lists, profile: bool) -> Lists:
    if profile:
        return lists
    return lists._replace(features=lists.features[:, :, : -len(PROFILE_COLUMNS)])


def _judge_popularity(fold: Fold, column: int, targets: Targets, data: RankerData) -> Judgement:
    counts = fold.world.columns[:, column]

    def scores(users: NDArray[Any]) -> NDArray[np.float32]:
        return np.tile(counts, (len(users), 1))

    return judge(scores, fold.before, targets, data.n_users, data.catalog.n_items)


def _parted(log: Log, cuts: TemporalCuts) -> tuple[Log, Log]:
    """What happened before the first cut, and between both."""
    before = log.days < cuts.train_end_day
    return log.where(before), log.where(~before & (log.days < cuts.validation_end_day))
