"""How far a mean over test cases may be off: the bootstrap over users.

Whole users are drawn with replacement, because the cases of one user are alike
(percentile interval of the cluster bootstrap; Efron and Tibshirani, 1993, chapter 13).
Two models judged on the same cases share the draws, so their difference has an interval
of its own, which is narrower than the two intervals suggest.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import BoolArray, Scores

N_SAMPLES = 1_000
TAILS = (0.025, 0.975)
_DRAWS_A_BLOCK = 50
# 50 draws of 20,000 users are 8 MB of counts.


class Interval(NamedTuple):
    """A mean with its 95 % interval; NaN where there is no case."""

    value: float
    low: float
    high: float


def resampled_means(
    values: Scores, users: NDArray[np.integer], n_samples: int = N_SAMPLES
) -> NDArray[np.float64]:
    """Average values (n, m) over the cases of users drawn with replacement, draw by draw.

    The draws are the same for the same number of users.

    Args:
        values: (n, m), m values per case.
        users: (n,) integers, the user of each case.
        n_samples: Number of draws.

    Returns:
        (n_samples, m) float64, each column the mean over the drawn cases.
    """
    _, group = np.unique(users, return_inverse=True)
    counts = np.bincount(group).astype(np.float64)
    sums = np.stack([np.bincount(group, weights=column) for column in values.T], axis=1)
    random = np.random.default_rng(0)
    n_users, means = len(counts), np.empty((n_samples, values.shape[1]))
    for first in range(0, n_samples, _DRAWS_A_BLOCK):
        drawn = np.zeros((min(_DRAWS_A_BLOCK, n_samples - first), n_users))
        for draw in drawn:
            draw[:] = np.bincount(random.integers(0, n_users, n_users), minlength=n_users)
        means[first : first + len(drawn)] = (drawn @ sums) / (drawn @ counts)[:, None]
    return means


def intervals(values: Mapping[str, Scores], users: NDArray[np.integer]) -> dict[str, Interval]:
    """Compute the mean of each (n,) values with its 95 % interval, on draws that all share.

    Args:
        values: Values of the cases, by name.
        users: (n,) integers, the user of each case.
    """
    if len(users) == 0:
        return dict.fromkeys(values, Interval(*[float("nan")] * 3))
    columns = np.stack(list(values.values()), axis=1)
    low, high = np.quantile(resampled_means(columns, users), TAILS, axis=0)
    return {
        name: Interval(float(np.mean(of_cases)), float(low[place]), float(high[place]))
        for place, (name, of_cases) in enumerate(values.items())
    }


def interval(values: Scores, users: NDArray[np.integer]) -> Interval:
    """Compute the mean of values (n,) with its 95 % interval."""
    return intervals({"": values}, users)[""]


def paired_difference(ours: Scores, theirs: Scores, users: NDArray[np.integer]) -> Interval:
    """Compute the mean of ours - theirs (n,), case by case, with its 95 % interval.

    Where zero lies outside the interval, the two differ by more than the draw of these users
    explains.
    """
    return interval(np.asarray(ours) - np.asarray(theirs), users)


def interval_over_seeds(values: Scores, users: NDArray[np.integer]) -> Interval:
    """Compute the mean of values (n, s) of s trainings with a 95 % interval that seeds widen.

    Each draw takes users and, apart from them, s of the trainings with replacement, since
    another seed would have given another model. With few seeds the interval is still
    somewhat narrow: s of s drawn vary by (s - 1) / s of what new ones would.
    """
    n_seeds = values.shape[1]
    if len(users) == 0:
        return Interval(*[float("nan")] * 3)
    means = resampled_means(values, users)
    drawn = np.random.default_rng(1).integers(0, n_seeds, (len(means), n_seeds))
    low, high = np.quantile(np.take_along_axis(means, drawn, axis=1).mean(axis=1), TAILS)
    return Interval(float(np.mean(values)), float(low), float(high))


def auc_interval(
    labels: BoolArray, scores: Scores, users: NDArray[np.integer]
) -> tuple[float, float]:
    """Compute the 95 % interval of the AUC of pairs (n,), drawing users with replacement.

    A pair counts as often as its user was drawn. Draws without both classes are left out.

    Returns:
        The 2.5th and 97.5th percentiles; both NaN where one class is absent.

    Raises:
        ValueError: A score is NaN, which has no place in an order.
    """
    missing = np.flatnonzero(np.isnan(scores))
    if len(missing):
        raise ValueError(
            f"{len(missing):,} of {len(scores):,} scores are NaN; the first is that of pair "
            f"{missing[0]}."
        )
    if labels.all() or not labels.any():
        return float("nan"), float("nan")
    _, group = np.unique(scores, return_inverse=True)
    _, user = np.unique(users, return_inverse=True)
    n_groups, n_users = int(group.max()) + 1, int(user.max()) + 1
    random = np.random.default_rng(0)
    values = np.full(N_SAMPLES, np.nan)
    for draw in range(N_SAMPLES):
        weights = np.bincount(random.integers(0, n_users, n_users), minlength=n_users)[user]
        positive = np.bincount(group, weights * labels, n_groups)
        negative = np.bincount(group, weights * ~labels, n_groups)
        below = np.cumsum(negative) - negative
        pairs = positive.sum() * negative.sum()
        if pairs:
            values[draw] = positive @ (below + negative / 2) / pairs
    low, high = np.nanquantile(values, TAILS)
    return float(low), float(high)
