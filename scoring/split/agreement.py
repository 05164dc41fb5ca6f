"""Whether a split agrees with the network's own `predict`."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import FloatArray, ItemRows
from scoring.head.joint import Head, outputs, score
from scoring.split.forms import GraphSplitError
from scoring.split.split_model import AFFINITY, INPUTS, SplitModel

AGREEMENT: Final = 1e-4
"""Largest difference from the model's scores that counts as float32 rounding."""

AffinitiesOf = Callable[[int], tuple[ItemRows, FloatArray]]
"""The items that a user's history affects, ascending, and their affinities (t, C) float32."""

_SATURATED: Final = 0.01


def check_split(
    split: SplitModel,
    inputs: Sequence[FloatArray],
    n_pairs: int = 512,
    seed: int = 0,
    *,
    affinities_of: AffinitiesOf | None = None,
    user_profile: FloatArray | None = None,
) -> float:
    """Compare a split with the model's own `predict` on pairs drawn at random.

    Logits are compared where the last function still tells them apart (a sigmoid between
    .01 and .99), outputs elsewhere; differences of large scores count relative to them.

    Args:
        split: The split model.
        inputs: User review (m, dr), user item (m, di), item description (n, d), price (n, dp).
        n_pairs: Pairs to draw; half of them where the user's history affects the item.
        seed: Seed of the draw.
        affinities_of: Affinities of a user by row, for a model that reads them.
        user_profile: (m, dp), for a model that reads it.

    Returns:
        The largest difference, NaN if a score is not finite; up to AGREEMENT is rounding.

    Raises:
        GraphSplitError: The model reads an input that isn't given.
    """
    user_review, user_item, item_desc, item_price = inputs
    draw = np.random.default_rng(seed)
    users = draw.integers(len(user_review), size=n_pairs)
    items = draw.integers(len(item_desc), size=n_pairs)
    user_side, item_side = [user_review, user_item], []
    if split.affinity_weights is not None:
        if affinities_of is None:
            raise GraphSplitError("the model reads affinities; none are given to check it with")
        items, affinity = _with_affinities(
            draw, users, items, affinities_of, split.widths[AFFINITY]
        )
        item_side.append(affinity)
    if len(split.widths) == len(INPUTS):
        if user_profile is None:
            raise GraphSplitError("the model reads user profiles; none are given to check it with")
        user_side.append(user_profile)
    user_pairs = [array[users] for array in user_side]
    item_pairs = [item_desc[items], item_price[items], *item_side]
    in_order = [*user_pairs[:2], *item_pairs, *user_pairs[2:]]
    expected = split.reference.predict(in_order, batch_size=n_pairs, verbose=0).reshape(-1)
    scores = _scores_of_pairs(split, user_pairs, item_pairs)
    return _largest_difference(split.head, scores, expected)


def _scores_of_pairs(
    split: SplitModel, user_pairs: Sequence[FloatArray], item_pairs: Sequence[FloatArray]
) -> FloatArray:
    rows = zip(split.user_half(*user_pairs), split.item_half(*item_pairs), strict=True)
    return np.concatenate([score(split.head, user[None], item[None])[0] for user, item in rows])


def _with_affinities(
    draw: np.random.Generator,
    users: NDArray[np.int64],
    items: NDArray[np.int64],
    affinities_of: AffinitiesOf,
    width: int,
) -> tuple[NDArray[np.int64], FloatArray]:
    """Move every other pair to an item that its user affects; look up the affinities of all."""
    items, affinity = items.copy(), np.zeros((len(items), width), dtype=np.float32)
    for pair, user in enumerate(users):
        rows, phi = affinities_of(int(user))
        if pair % 2 and len(rows):
            items[pair] = draw.choice(rows)
        place = int(np.searchsorted(rows, items[pair]))
        if place < len(rows) and rows[place] == items[pair]:
            affinity[pair] = phi[place]
    return items, affinity


def _largest_difference(head: Head, scores: FloatArray, expected: FloatArray) -> float:
    got = outputs(head, scores)
    difference = np.abs(got - expected) / np.maximum(1, np.abs(expected))
    if head.output_activation == "sigmoid":
        share = (expected.astype(np.float64) - head.output_shift) / head.output_scale
        told_apart = (share > _SATURATED) & (share < 1 - _SATURATED)
        share = np.where(told_apart, share, 0.5)
        logits = np.log(share / (1 - share))
        difference = np.where(told_apart, np.abs(scores - logits), difference)
    return float(difference.max())
