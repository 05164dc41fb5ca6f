"""A history holds the newest distinct items of a user, newest first."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.history import History, histories
from recsys.kinds import HIDE, PURCHASE, REVIEW, VIEW


def test_a_history_is_newest_first_and_has_an_item_once_at_its_newest_time() -> None:
    users = np.array([0, 0, 0, 1, 0])
    items = np.array([5, 6, 5, 7, 8])
    history = histories(users, items, np.array([1, 2, 3, 1, 0]), n_users=3)
    assert [history.of(user).tolist() for user in range(3)] == [[5, 6, 8], [7], []]
    assert history.interactions.tolist() == [2, 1, 4, 3]


def test_of_equal_times_the_later_row_is_newer() -> None:
    times = np.array(["2020-01-02", "2020-01-02", "2020-01-03"], dtype="datetime64[us]")
    assert histories(np.zeros(3, int), np.array([4, 5, 6]), times, 1).items.tolist() == [6, 5, 4]


def test_a_history_ends_after_the_limit_and_leaves_unknown_rows_out() -> None:
    users, items = np.array([0, 0, 0, -1, 0]), np.array([1, 2, 3, 4, -1])
    history = histories(users, items, np.arange(5), 1, limit=2)
    assert history.items.tolist() == [3, 2]


def test_no_interactions_give_empty_histories() -> None:
    nothing = np.empty(0, dtype=np.int64)
    assert histories(nothing, nothing, nothing, 2).starts.tolist() == [0, 0, 0]


def of_one(items: list[int], kinds: list[int], limit: int = 50) -> History:
    """The history of one user who did these things, oldest first."""
    n = len(items)
    codes = np.array(kinds, dtype=np.uint8)
    return histories(np.zeros(n, int), np.array(items), np.arange(n), 1, limit, codes)


def test_a_view_counts_only_where_nothing_else_was_done_with_the_item() -> None:
    history = of_one([7, 8, 7, 9, 9], [REVIEW, VIEW, VIEW, VIEW, PURCHASE])
    assert history.items.tolist() == [9, 8, 7]
    assert history.interactions.tolist() == [4, 1, 0]
    assert history.weights.tolist() == pytest.approx([1, 0.3, 1])


def test_the_newest_of_what_was_done_with_an_item_decides() -> None:
    history = of_one([7, 8, 7, 8], [HIDE, PURCHASE, REVIEW, HIDE])
    assert history.items.tolist() == [8, 7]
    assert history.weights.tolist() == [-1, 1]


def test_reviews_and_purchases_weigh_alike_and_need_no_weights() -> None:
    assert of_one([7, 8], [PURCHASE, REVIEW]).weights.size == 0


def test_hidden_items_take_no_place_of_others() -> None:
    history = of_one([1, 2, 3, 4, 5, 6], [PURCHASE, PURCHASE, VIEW, HIDE, HIDE, HIDE], limit=2)
    assert history.items.tolist() == [6, 5, 3, 2]


def test_ages_are_sums_of_the_positive_weights_of_newer_entries() -> None:
    history = of_one([1, 2, 3, 4], [REVIEW, VIEW, HIDE, PURCHASE])
    assert history.items.tolist() == [4, 3, 2, 1]
    assert history.ages.tolist() == pytest.approx([0, 1, 1, 1.3])
    users = histories(np.array([0, 1, 0, 1, 1]), np.arange(5), np.arange(5), 2)
    assert users.ages.tolist() == [0, 1, 0, 1, 2]


def test_entries_left_out_leave_the_others_and_all_users() -> None:
    history = histories(np.array([0, 1, 1]), np.array([5, 6, 7]), np.arange(3), 3)
    rest = history.where(np.array([False, True, True]))
    assert [rest.of(user).tolist() for user in range(3)] == [[], [7, 6], []]
