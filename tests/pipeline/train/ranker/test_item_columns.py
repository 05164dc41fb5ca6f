"""Item columns are sums over what happened so far."""

from __future__ import annotations

import numpy as np
import pytest

from pipeline.train.ranker.item_columns import ITEM_COLUMNS, as_unreviewed, item_columns

pytestmark = pytest.mark.pipeline


def test_columns_of_a_tiny_log_are_as_computed_by_hand() -> None:
    items, days = np.array([0, 0, 1, -1]), np.array([70, 100, 100, 400])
    ratings = np.array([5.0, 3.0, 4.0, 1.0])  # of known items: mean 4, newest day 100
    prices = np.array([0.5, np.nan, -0.5])
    rates = np.array([0.7, 0.8, 0.9])
    columns = dict(
        zip(ITEM_COLUMNS, item_columns(items, days, ratings, prices, rates).T, strict=True)
    )
    assert columns["log_count_10d"] == pytest.approx(np.log1p([np.exp(-3) + 1, 1, 0]))
    assert columns["log_count_30d"] == pytest.approx(np.log1p([np.exp(-1) + 1, 1, 0]))
    assert columns["log_count_180d"] == pytest.approx(np.log1p([np.exp(-30 / 180) + 1, 1, 0]))
    assert columns["log_count"] == pytest.approx(np.log1p([2, 1, 0]))
    assert columns["has_history"].tolist() == [1, 1, 0]
    assert columns["rating"] == pytest.approx([(1 - 1) / 7, 0, 0])
    assert columns["log_price"].tolist() == [0.5, 0, -0.5]
    assert columns["five_star_rate"] == pytest.approx(rates)


def test_an_empty_log_describes_items_without_history() -> None:
    nothing = np.zeros(0)
    columns = item_columns(nothing.astype(int), nothing, nothing, np.zeros(2), np.zeros(2))
    assert columns.tolist() == np.zeros((2, 8)).tolist()


def test_purchases_count_for_popularity_and_not_for_ratings() -> None:
    items, days = np.array([0, 0, 1]), np.zeros(3, dtype=int)
    ratings = np.array([5.0, np.nan, 2.0])
    found = item_columns(items, days, ratings, np.zeros(2), np.zeros(2))
    assert found[:, ITEM_COLUMNS.index("log_count")] == pytest.approx(np.log1p([2, 1]))
    assert found[:, ITEM_COLUMNS.index("rating")] == pytest.approx([1.5 / 6, -1.5 / 6])


def test_items_as_if_unreviewed_are_described_as_items_without_a_review_are() -> None:
    items, days, ratings = np.array([0, 0, 0, 1]), np.zeros(4, dtype=int), np.array([5.0, 4, 5, 1])
    prices = np.array([0.5, -0.5, np.nan])
    rates = np.array([0.6, 0.2, 0.5])  # of all reviews: (3 * .6 + .2) / 4, as without a review
    found = as_unreviewed(item_columns(items, days, ratings, prices, rates))
    without = item_columns(items[:0], days[:0], ratings[:0], prices, np.full(3, 0.5))
    assert found == pytest.approx(without)
