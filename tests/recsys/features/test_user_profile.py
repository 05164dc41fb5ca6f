"""Profiles of users, by hand."""

from __future__ import annotations

import numpy as np

from recsys.features.user_profile import (
    centered_log_prices,
    mean_of,
    user_profiles,
    visitor_profile,
)
from recsys.history import History, histories
from recsys.kinds import HIDE, PURCHASE, REVIEW, VIEW

PRICES = np.array([1.0, np.e, np.e**2, np.nan, 0.0])
"""Their median logarithm is 1."""


def test_a_profile_follows_the_formulas() -> None:
    users, items = np.array([0, 0, 1]), np.array([2, 3, 0])
    history = histories(users, items, np.array([1, 2, 3]), n_users=3)
    ratings = np.array([5.0, 2.0, 5.0])[history.interactions]
    rates = np.array([0.75, 0.0, 0.5, 0.25, 0.0])
    profiles = user_profiles(history, ratings, centered_log_prices(PRICES), rates)
    mean = 4.0
    expected = [
        [np.log(3), ((5 - mean) + (2 - mean)) / 7, 1.0, (0.5 - 0.25) / 5],
        [np.log(2), (5 - mean) / 6, -1.0, 0.25 / 4],
        [0, 0, 0, 0],
    ]
    np.testing.assert_allclose(profiles, expected, atol=1e-6)


def test_only_the_newest_rating_of_an_item_counts() -> None:
    history = histories(np.array([0, 0, 1]), np.zeros(3, int), np.array([5, 9, 9]), 2)
    ratings = np.array([1.0, 5.0, 1.0])[history.interactions]
    profiles = user_profiles(history, ratings, np.zeros(1))
    mean = (5 + 1) / 2
    np.testing.assert_allclose(profiles[0], [np.log(2), (5 - mean) / 6, 0, 0], atol=1e-6)
    np.testing.assert_allclose(profiles[1], [np.log(2), (1 - mean) / 6, 0, 0], atol=1e-6)


def test_prices_that_are_unknown_or_zero_are_left_out() -> None:
    centered = centered_log_prices(PRICES)
    np.testing.assert_allclose(centered, [-1, 0, 1, np.nan, np.nan], atol=1e-6)
    assert np.isnan(centered_log_prices(np.array([np.nan]))).all()


def test_a_visitor_has_the_profile_of_a_user_with_that_history_but_for_ratings() -> None:
    history = histories(np.zeros(3, int), np.array([0, 2, 3]), np.arange(3), 1)
    log_prices = centered_log_prices(PRICES)
    known = user_profiles(history, np.array([5.0, 1.0, 3.0]), log_prices, np.zeros(5))[0]
    visitor = visitor_profile(history, log_prices)[0]
    np.testing.assert_array_equal(visitor[[0, 2]], known[[0, 2]])
    assert visitor[[1, 3]].tolist() == [0, 0]


def test_nobody_has_no_profile() -> None:
    nothing = np.empty(0, dtype=np.int64)
    history = histories(nothing, nothing, nothing, 0)
    assert user_profiles(history, nothing, np.zeros(2)).shape == (0, 4)
    assert visitor_profile(History.of_one(nothing), np.zeros(2)).tolist() == [[0, 0, 0, 0]]


def test_views_count_for_less_and_hidden_items_only_for_what_they_are_not() -> None:
    kinds = np.array([REVIEW, PURCHASE, VIEW, HIDE], dtype=np.uint8)
    history = histories(np.zeros(4, int), np.array([0, 1, 2, 3]), np.arange(4), 1, kinds=kinds)
    ratings = np.array([5, np.nan, np.nan, np.nan])[history.interactions]
    log_prices = np.array([0.5, -1.0, 2.0, 9.0])
    profile = user_profiles(history, ratings, log_prices, np.full(4, 0.25), mean_rating=4.0)[0]
    # One rating, of the review; the mean log price of all but the hidden item.
    expected = [np.log1p(2.3), (5 - 4) / (1 + 5), (0.5 - 1 + 2) / 3, 0.75 / (1 + 3)]
    np.testing.assert_allclose(profile, expected, atol=1e-6)


def test_the_mean_rating_is_that_of_what_is_rated() -> None:
    assert mean_of(np.float32([5, np.nan, 2])) == 3.5
    assert mean_of(np.float32([np.nan])) == 0
