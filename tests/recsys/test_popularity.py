"""Popularity counts, against sums by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from recsys.popularity import popularity_counts


def test_window_and_decay_count_back_from_the_newest_day() -> None:
    items, days = np.array([0, 0, 1]), np.array([0, 10, 30])
    assert popularity_counts(items, days, 2, window_days=21).tolist() == [1, 1]
    assert popularity_counts(items, days, 2, window_days=20).tolist() == [0, 1]
    decayed = popularity_counts(items, days, 2, decay_days=10)
    assert decayed == pytest.approx([math.exp(-3) + math.exp(-2), 1.0])


def test_age_is_counted_from_another_day_where_one_is_named() -> None:
    items, days = np.array([0, 1]), np.array([10, 30])
    assert popularity_counts(items, days, 3, window_days=21, newest_day=31).tolist() == [0, 1, 0]


def test_without_reviews_nothing_is_popular() -> None:
    nothing = np.array([], dtype=np.int64)
    assert popularity_counts(nothing, nothing, 2, decay_days=10).tolist() == [0, 0]
