from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from recsys.split import (
    TEST,
    TRAIN,
    VALIDATION,
    SplitError,
    TemporalCuts,
    cuts_from_day_counts,
    leave_one_out_labels,
    split_labels,
    temporal_cuts,
)


def test_ten_equal_days_are_split_eight_one_one() -> None:
    cuts = temporal_cuts(np.arange(100, 110))
    assert cuts == TemporalCuts(train_end_day=108, validation_end_day=109)
    assert split_labels(np.arange(100, 110), cuts).tolist() == [TRAIN] * 8 + [VALIDATION, TEST]


def test_a_day_is_never_divided_and_train_holds_at_least_its_share() -> None:
    # 70 % by day 1, 85 % by day 2, 92 % by day 5, the rest on day 9.
    cuts = cuts_from_day_counts(np.array([1, 2, 5, 9]), np.array([70, 15, 7, 8]))
    assert cuts == TemporalCuts(train_end_day=5, validation_end_day=9)


def test_a_heavy_last_day_still_leaves_all_three_parts_a_day() -> None:
    cuts = cuts_from_day_counts(np.array([1, 2, 3]), np.array([1, 1, 98]))
    assert split_labels(np.array([1, 2, 3]), cuts).tolist() == [TRAIN, VALIDATION, TEST]


def test_a_heavy_first_day_is_all_of_training() -> None:
    cuts = cuts_from_day_counts(np.array([1, 2, 3]), np.array([98, 1, 1]))
    assert split_labels(np.array([1, 2, 3]), cuts).tolist() == [TRAIN, VALIDATION, TEST]


def test_two_days_leave_no_validation() -> None:
    assert split_labels(np.array([4, 9]), temporal_cuts(np.array([4, 9]))).tolist() == [TRAIN, TEST]


@pytest.mark.parametrize("days", [[], [5], [5, 5, 5]])
def test_fewer_than_two_days_are_refused_with_their_number(days: list[int]) -> None:
    with pytest.raises(SplitError, match=rf"of {len(set(days))} distinct days?; .* at least 2"):
        temporal_cuts(np.array(days, dtype=np.int32))


@pytest.mark.parametrize("shares", [(0.9, 0.1), (0.0, 0.1), (0.8, -0.1)])
def test_shares_that_leave_no_test_are_refused(shares: tuple[float, float]) -> None:
    with pytest.raises(SplitError, match="leave no test rows"):
        temporal_cuts(np.arange(10), *shares)


def test_cuts_in_the_wrong_order_are_refused() -> None:
    with pytest.raises(SplitError, match="day 3, before training does on day 4"):
        TemporalCuts(train_end_day=4, validation_end_day=3)


@settings(max_examples=50, deadline=None)
@given(st.lists(st.integers(-1000, 20_000), min_size=3).filter(lambda d: len(set(d)) > 2))
def test_parts_follow_each_other_and_do_not_depend_on_row_order(days: list[int]) -> None:
    ascending = np.sort(np.array(days))
    cuts = temporal_cuts(np.array(days))
    labels = split_labels(ascending, cuts)
    assert cuts == temporal_cuts(ascending[::-1])
    assert (np.diff(labels) >= 0).all()
    assert set(labels.tolist()) == {TRAIN, VALIDATION, TEST}
    later_days = len(np.unique(ascending[labels != TRAIN]))
    assert (labels == TRAIN).mean() >= 0.8 or later_days == 2


def test_leave_one_out_asks_for_the_last_item_and_validates_by_the_one_before() -> None:
    users = np.array([7, 7, 7, 8, 7, 8, -1])
    labels = leave_one_out_labels(users, np.ones(7, dtype=bool))
    assert labels.tolist() == [TRAIN, TRAIN, VALIDATION, TRAIN, TEST, TRAIN, TRAIN]


def test_repeats_of_a_tested_user_never_enter_a_history() -> None:
    # the fourth row repeats an item of user 0, the last one an item of user 1, who only trains
    users = np.array([0, 0, 0, 0, 1, 1])
    countable = np.array([True, True, True, False, True, False])
    labels = leave_one_out_labels(users, countable)
    assert labels.tolist() == [TRAIN, VALIDATION, TEST, TEST, TRAIN, TRAIN]
