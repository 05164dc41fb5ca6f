"""What is known and what is asked, on a table that a reader can follow."""

from __future__ import annotations

import pytest

from pipeline.evaluate.cutoff import FRESH, STALE, TUNING, cutoff
from recsys.split import TEST, TRAIN, VALIDATION
from tests.support.timelines import cutoff_of, timeline

pytestmark = pytest.mark.pipeline

TABLE = [
    (0, 0, 5.0, TRAIN),
    (1, 1, 3.0, TRAIN),
    (0, 1, 5.0, VALIDATION),
    (1, 2, 3.0, VALIDATION),
    (2, 0, 4.0, VALIDATION),
    (0, 0, 5.0, TEST),  # a repeat: no case
    (0, 2, 5.0, TEST),
    (1, 3, 2.0, TEST),
    (2, 1, 5.0, TEST),  # known only where validation is
    (-1, 2, 5.0, TEST),  # an anonymous customer: no case
    (3, 2, 5.0, TEST),  # a cold-start user
    (1, -1, 5.0, TEST),  # an item outside the catalog: no case
]


def asked(name: str) -> list[tuple[int, int]]:
    cases = cutoff_of(TABLE, 4, 4, name).cases
    return list(zip(cases.users.tolist(), cases.items.tolist(), strict=True))


def test_cases_are_first_reviews_by_users_with_a_history() -> None:
    assert asked(TUNING) == [(0, 1), (1, 2)]
    assert asked(STALE) == [(0, 2), (1, 3)]
    assert asked(FRESH) == [(0, 2), (1, 3), (2, 1)]


def test_stale_models_know_the_training_part_and_fresh_ones_validation_too() -> None:
    stale, fresh = (cutoff_of(TABLE, 4, 4, name) for name in (STALE, FRESH))
    assert (len(stale.history.rows), len(fresh.history.rows)) == (2, 5)
    assert stale.seen_by(0).tolist() == [0]
    assert fresh.seen_by(0).tolist() == [0, 1]
    assert stale.known.sum() == 2


def test_items_are_warm_where_the_history_holds_them() -> None:
    assert cutoff_of(TABLE, 4, 4, FRESH).warm.tolist() == [True, False, True]
    assert cutoff_of(TABLE, 4, 4, STALE).warm.tolist() == [False, False]


def test_cold_start_users_are_named_customers_without_any_review_before() -> None:
    fresh, stale = cutoff_of(TABLE, 4, 4, FRESH), cutoff_of(TABLE, 4, 4, STALE)
    assert fresh.cold_start_users.users.tolist() == [3]
    assert stale.cold_start_users.users.tolist() == [2, 3]


def test_drawing_users_keeps_all_cases_of_those_drawn() -> None:
    drawn = cutoff(timeline(TABLE, 4, 4), FRESH, max_users=2, seed=0)
    assert len(drawn.users) == 2
    assert set(drawn.cases.users) == set(drawn.users)


def test_what_is_asked_about_is_counted_apart_from_what_is_known() -> None:
    assert cutoff_of(TABLE, 4, 4, FRESH).asked_counts.tolist() == [1, 1, 3, 1]
    assert cutoff_of(TABLE, 4, 4, TUNING).asked_counts.tolist() == [1, 1, 1, 0]


def test_a_known_catalog_asks_about_its_items_alone() -> None:
    stale = cutoff_of(TABLE, 4, 4, STALE).with_known_catalog()
    assert stale.catalog.tolist() == [True, True, False, False]
    assert (len(stale.cases), len(stale.users)) == (0, 0)
    fresh = cutoff_of(TABLE, 4, 4, FRESH).with_known_catalog()
    assert fresh.cases.items.tolist() == [2, 1]
    assert fresh.users.tolist() == [0, 2]
