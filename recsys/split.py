"""The splits: by time, whole days go to train, then validation, then test; or one item a user.

The cuts are two integers, found from how many rows each day has, so they can be
computed from per-day counts of a data set of any size, and no row order matters.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

import numpy as np
from numpy.typing import NDArray

from recsys.arrays import IntArray

TRAIN: Final = 0
VALIDATION: Final = 1
TEST: Final = 2

_SHARE_SLACK: Final = 1e-9
# .8 + .1 is a hair more than .9 in floats, and must not push a cut on by a day.


class SplitError(ValueError):
    """The reviews can't be split by time."""


@dataclass(frozen=True)
class TemporalCuts:
    """Two days, counted since 1970-01-01 UTC.

    Attributes:
        train_end_day: Rows of earlier days are training rows.
        validation_end_day: Rows of earlier days, not in training, are validation rows;
            the rest are test rows.

    Raises:
        SplitError: Validation would end before it begins.
    """

    train_end_day: int
    validation_end_day: int

    def __post_init__(self) -> None:
        """Refuse cuts in the wrong order."""
        if self.validation_end_day < self.train_end_day:
            raise SplitError(
                f"validation ends on day {self.validation_end_day}, before training does "
                f"on day {self.train_end_day}; expected the other order."
            )


def temporal_cuts(
    days: IntArray, train_share: float = 0.8, validation_share: float = 0.1
) -> TemporalCuts:
    """Choose the cuts for rows of the given days; see `cuts_from_day_counts` for the rule.

    Args:
        days: (n,) int, days since 1970-01-01, in any order.
        train_share: Smallest share of all rows in training, above 0.
        validation_share: Share of all rows in validation; both sum to less than 1.

    Raises:
        SplitError: Fewer than two distinct days, or shares out of range.
    """
    distinct, counts = np.unique(days, return_counts=True)
    return cuts_from_day_counts(distinct, counts, train_share, validation_share)


def cuts_or_all_training(days: IntArray) -> TemporalCuts:
    """Choose the default cuts, or have all rows train where they are of a single day.

    Args:
        days: (n,) int, days since 1970-01-01, in any order; not empty.

    >>> cuts_or_all_training(np.array([7, 7]))
    TemporalCuts(train_end_day=8, validation_end_day=8)
    """
    if len(np.unique(days)) > 1:
        return temporal_cuts(days)
    return TemporalCuts(int(days[0]) + 1, int(days[0]) + 1)


def cuts_from_day_counts(
    days: IntArray, counts: IntArray, train_share: float = 0.8, validation_share: float = 0.1
) -> TemporalCuts:
    """Choose the cuts from the number of rows of each day.

    Training ends after the first day with which it holds at least `train_share` of all
    rows; validation ends after the first later day with which both hold at least
    `train_share + validation_share`. Where a heavy last day would leave a later part
    without any day, cuts move back, so with three days or more no part is empty.
    With two days there is no validation.

    Args:
        days: (k,) int, distinct and ascending, days since 1970-01-01.
        counts: (k,) int, rows of each day.
        train_share: Smallest share of all rows in training, above 0.
        validation_share: Share of all rows in validation; both sum to less than 1.

    Raises:
        SplitError: Fewer than two distinct days, or shares out of range.
    """
    if train_share <= 0 or validation_share < 0 or train_share + validation_share >= 1:
        raise SplitError(
            f"train_share {train_share} and validation_share {validation_share} leave no test "
            f"rows; expected positive shares with a sum below 1."
        )
    if len(days) < 2:
        raise SplitError(
            f"The reviews are of {len(days)} distinct day{'' if len(days) == 1 else 's'}; "
            f"a split by time needs at least 2."
        )
    held = np.cumsum(counts) / np.sum(counts)
    last = len(days) - 1
    train_days = min(_days_needed(held, train_share), max(last - 1, 1))
    both_days = _days_needed(held, train_share + validation_share)
    both_days = min(max(both_days, train_days + 1), last)
    return TemporalCuts(int(days[train_days]), int(days[both_days]))


def split_labels(days: IntArray, cuts: TemporalCuts) -> NDArray[np.int8]:
    """Give each row its part.

    Args:
        days: (n,) int, days since 1970-01-01.
        cuts: Where the parts end.

    Returns:
        (n,) int8 of TRAIN, VALIDATION and TEST.
    """
    after_train = (np.asarray(days) >= cuts.train_end_day).astype(np.int8)
    after_validation = (np.asarray(days) >= cuts.validation_end_day).astype(np.int8)
    labels: NDArray[np.int8] = after_train + after_validation
    return labels


def temporal_labels(days: IntArray) -> NDArray[np.int8]:
    """Give each row its part by the default cuts, (n,) int8.

    Raises:
        SplitError: Fewer than two distinct days.
    """
    return split_labels(days, temporal_cuts(days))


def leave_one_out_labels(users: IntArray, countable: NDArray[np.bool_]) -> NDArray[np.int8]:
    """Give each row its part where each user's last item is the test and the one before validates.

    Users with fewer than three countable rows teach only. A row that doesn't count (a
    repeated review of the same item, say) belongs to the test of its user, so that nothing
    after the validation item is ever part of a history.

    Args:
        users: (n,) int in order of time, -1 for a row without a user.
        countable: (n,) whether a row may be the item that is sought.

    Returns:
        (n,) int8 of TRAIN, VALIDATION and TEST.

    >>> users = np.array([0, 0, 1, 0, 0, 1])
    >>> leave_one_out_labels(users, np.array([True, True, True, True, False, True])).tolist()
    [0, 1, 0, 2, 2, 0]
    """
    counted = np.flatnonzero(countable & (users >= 0))
    order = counted[np.argsort(users[counted], kind="stable")]
    ends = np.searchsorted(users[order], users[order], side="right")
    left = ends - np.arange(len(order)) - 1  # how many later items the user has
    sizes = ends - np.searchsorted(users[order], users[order], side="left")
    labels = np.zeros(len(users), dtype=np.int8)
    labels[order] = np.where(sizes < 3, TRAIN, np.maximum(TEST - left, TRAIN))
    tested = np.unique(users[labels == TEST])
    labels[~countable & np.isin(users, tested)] = TEST
    return labels


def _days_needed(held: NDArray[np.float64], share: float) -> int:
    """How many first days hold at least `share` of the rows."""
    return int(np.searchsorted(held, share - _SHARE_SLACK, side="left")) + 1
