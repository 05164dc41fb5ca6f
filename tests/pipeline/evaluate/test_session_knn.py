"""Neighbors by shared items, with each decay computed by hand."""

from __future__ import annotations

import math

import numpy as np
import pytest

from pipeline.evaluate.baselines.session_knn import SESSION_KNN
from recsys.arrays import FloatArray
from tests.support.timelines import history

pytestmark = pytest.mark.pipeline

# Choices of the days 0 to 5: user 0 has 0 and then 1; user 1 has 0, 1 and then 2; user 2 has 2.
SMALL = history([(0, 0), (0, 1), (1, 0), (1, 1), (1, 2), (2, 2)], n_users=4, n_items=4)


def scores_of(user: int, n_neighbors: int = 10, **decays: float) -> FloatArray:
    scores: FloatArray = SESSION_KNN.fit(SMALL, n_neighbors, **decays).catalog_scores(
        np.array([user])
    )[0]
    return scores


def test_a_neighbor_counts_by_what_is_shared_and_less_the_more_it_has() -> None:
    assert scores_of(2) == pytest.approx(np.array([1, 1, 1, 0]) / math.sqrt(3))
    assert scores_of(0) == pytest.approx(np.array([2, 2, 2, 0]) / math.sqrt(3))


def test_newer_items_of_a_user_say_more_about_who_is_near() -> None:
    expected = (1 + math.exp(-1 / 2)) / math.sqrt(3)  # item 1 is the newest, item 0 a place before
    assert scores_of(0, position_decay=2)[2] == pytest.approx(expected)


def test_older_neighbors_and_older_choices_count_less() -> None:
    near = math.exp(-1) / math.sqrt(3)  # user 1 was last seen on day 4 of 5
    expected = [near * math.exp(-3), near * math.exp(-2), near * math.exp(-1), 0]
    assert scores_of(2, age_decay_days=1) == pytest.approx(expected)


def test_choices_far_from_the_newest_shared_item_count_less() -> None:
    expected = np.array([math.exp(-2), math.exp(-1), 1, 0]) / math.sqrt(3)
    assert scores_of(2, distance_decay=1) == pytest.approx(expected)
    # of items 0 and 1, which both have, item 1 is the user's newest
    expected = np.array([math.exp(-1), 1, math.exp(-1), 0]) * 2 / math.sqrt(3)
    assert scores_of(0, distance_decay=1) == pytest.approx(expected)


def test_only_the_nearest_neighbors_are_heard() -> None:
    # user 1 shares items 0 and 1 with user 0 (2 / √2) and item 2 with user 2 (1)
    assert scores_of(1) == pytest.approx([math.sqrt(2), math.sqrt(2), 1, 0])
    assert scores_of(1, n_neighbors=1) == pytest.approx([math.sqrt(2), math.sqrt(2), 0, 0])
    assert scores_of(1, n_neighbors=1, position_decay=0.5)[2] == pytest.approx(1)


def test_somebody_without_history_has_no_neighbors() -> None:
    assert scores_of(3).tolist() == [0, 0, 0, 0]
