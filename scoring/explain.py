"""Why a pair has its score: what each group of the model's inputs adds to that of a reference.

The shares are Shapley values over the groups, see docs/scoring.md.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Final, NamedTuple

import numpy as np

from recsys.shapley import shapley_values
from scoring.inputs import AFFINITY, Inputs

if TYPE_CHECKING:
    from scoring.scorer import Scorer

USER_INPUTS: Final = ("user_review", "user_item", "user_profile")
ITEM_INPUTS: Final = ("item_desc", "item_price")
_SIDES: Final = ((AFFINITY,), ITEM_INPUTS, USER_INPUTS)

MOST_GROUPS: Final = 12
"""4,096 coalitions; each further group doubles them."""


class Group(NamedTuple):
    """Columns of one input that are explained together.

    Attributes:
        input: Name of the input.
        columns: The columns.
        names: What they are called; several where groups had to be joined.
    """

    input: str
    columns: tuple[int, ...]
    names: tuple[str, ...]


class PairShares(NamedTuple):
    """What the groups add to the score of the reference.

    Attributes:
        score: Of the pair, before the network's last increasing function.
        reference_score: Of the reference.
        shares: By group, those that change nothing left out; they add up to the difference.
    """

    score: float
    reference_score: float
    shares: dict[Group, float]


def explain_pair(
    scorer: Scorer, pair: Inputs, reference: Inputs, groups: Sequence[Group]
) -> PairShares:
    """Divide a score's difference from the reference among groups, exactly.

    Args:
        scorer: Of the model.
        pair: What the model reads of the pair, a vector (d,) an input.
        reference: What it reads of the reference, of the same shapes.
        groups: Groups that together hold all columns in which the two differ.
    """
    changed = [each for each in groups if _differs(each, pair, reference)]
    by_side = [
        [group for group in _affordable(changed, pair) if group.input in side] for side in _SIDES
    ]
    affinity, items, users = (
        _variants(side, chosen, pair, reference)
        for side, chosen in zip(_SIDES, by_side, strict=True)
    )
    grid = scorer.score_grid(users, items, affinity.get(AFFINITY))
    # A player's bit in the place of a coalition: affinities lowest, users highest.
    values = grid.astype(np.float64).reshape(-1)
    shares = shapley_values(values).tolist()
    players = [group for side in by_side for group in side]
    return PairShares(float(values[-1]), float(values[0]), dict(zip(players, shares, strict=True)))


def _differs(group: Group, pair: Inputs, reference: Inputs) -> bool:
    columns = list(group.columns)
    return bool((pair[group.input][columns] != reference[group.input][columns]).any())


def _variants(
    side: Sequence[str], groups: Sequence[Group], pair: Inputs, reference: Inputs
) -> Inputs:
    """Build the inputs of one side for every coalition of its groups, (2^g, d) each."""
    coalitions = np.arange(1 << len(groups))
    variants = {
        name: np.tile(reference[name], (len(coalitions), 1)) for name in side if name in reference
    }
    for place, group in enumerate(groups):
        columns = np.array(group.columns)
        taking_part = np.flatnonzero(coalitions >> place & 1)
        variants[group.input][taking_part[:, None], columns] = pair[group.input][columns]
    return variants


def _affordable(groups: Sequence[Group], pair: Inputs) -> list[Group]:
    """Join groups of an input until there are `MOST_GROUPS`, the weakest affinities last."""
    kept = list(groups)
    for name in ("user_profile", "item_price"):
        if len(kept) > MOST_GROUPS:
            kept = _joined(kept, [group for group in kept if group.input == name])
    if (excess := len(kept) - MOST_GROUPS) > 0:
        affinities = [group for group in kept if group.input == AFFINITY]
        affinities.sort(key=lambda group: float(pair[AFFINITY][group.columns[0]]))
        kept = _joined(kept, affinities[: excess + 1])
    return kept


def _joined(groups: Sequence[Group], some: Sequence[Group]) -> list[Group]:
    """Make one group of some of an input."""
    if len(some) < 2:
        return list(groups)
    columns = tuple(column for group in some for column in group.columns)
    names = tuple(name for group in some for name in group.names)
    joined = Group(some[0].input, columns, names)
    return [*(group for group in groups if group not in some), joined]
