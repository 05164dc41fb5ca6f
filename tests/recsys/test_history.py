"""A history holds the newest distinct items of a user, newest first."""

from __future__ import annotations

import numpy as np

from recsys.history import histories


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
