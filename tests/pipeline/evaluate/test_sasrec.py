"""The sequence model, on orders that it can learn completely."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from pipeline.evaluate.baselines import TrainingData
from pipeline.evaluate.baselines.sasrec import SASREC, SASREC_POPULARITY
from pipeline.evaluate.baselines.sequences import sequences_of
from recsys.history import MAX_HISTORY_ITEMS
from tests.support.timelines import history

pytestmark = pytest.mark.pipeline

N_ITEMS = 8
LENGTH = 4


def walks(n_users: int) -> TrainingData:
    """Each user has four items of a cycle of eight; somebody else has none, a ninth item nobody."""
    pairs = [(user, (user + step) % N_ITEMS) for step in range(LENGTH) for user in range(n_users)]
    return history(pairs, n_users + 1, N_ITEMS + 1)


def test_the_next_item_of_a_cycle_is_learned() -> None:
    scores = SASREC.fit(walks(160), n_passes=60, dropout=0.1).catalog_scores(np.arange(160))
    expected = (np.arange(160) + LENGTH) % N_ITEMS
    assert scores.argmax(axis=1).tolist() == expected.tolist()


def test_an_item_that_nobody_has_comes_last_and_somebody_without_history_gets_what_is_popular() -> (
    None
):
    scores = SASREC_POPULARITY.fit(
        walks(20), n_passes=2, dropout=0.1, popularity_weight=2.0
    ).catalog_scores(np.arange(21))
    assert (scores.argmin(axis=1) == N_ITEMS).all()
    counts = np.bincount((np.arange(20)[:, None] + np.arange(LENGTH)).ravel() % N_ITEMS)
    assert scores[20, :N_ITEMS] == pytest.approx(2 * np.log1p(counts))


def test_passes_one_after_the_other_are_those_of_one_training() -> None:
    users, at_once, continued = np.arange(20), walks(20), walks(20)
    SASREC.fit(continued, n_passes=1, dropout=0.3)
    expected = SASREC.fit(at_once, n_passes=3, dropout=0.3).catalog_scores(users)
    assert np.array_equal(
        SASREC.fit(continued, n_passes=3, dropout=0.3).catalog_scores(users), expected
    )
    fewer = SASREC.fit(continued, n_passes=1, dropout=0.3).catalog_scores(users)
    assert np.array_equal(
        fewer, SASREC.fit(walks(20), n_passes=1, dropout=0.3).catalog_scores(users)
    )
    assert not np.array_equal(fewer, expected)


def test_another_seed_begins_with_other_weights() -> None:
    users, known = np.arange(20), walks(20)
    first, second = (
        SASREC.fit(data, n_passes=1, dropout=0.3).catalog_scores(users)
        for data in (known, replace(known, seed=known.seed + 1))
    )
    assert not np.array_equal(first, second)


@pytest.mark.parametrize(("target_decay_days", "expected"), [(None, 1), (10.0, 2)])
def test_newer_choices_teach_more_where_targets_decay(
    target_decay_days: float | None, expected: int
) -> None:
    # long ago 0 came before 1 for forty people, lately before 2 for twenty
    earlier = [(user, item) for user in range(40) for item in (0, 1)]
    later = [(user, item) for user in range(40, 60) for item in (0, 2)]
    known = history([*earlier, *later, (60, 0)], 61, 3)
    fitted = SASREC.fit(known, n_passes=80, dropout=0.0, target_decay_days=target_decay_days)
    assert fitted.catalog_scores(np.array([60]))[0].argmax() == expected


def test_targets_older_than_any_weight_leave_finite_scores() -> None:
    fitted = SASREC.fit(walks(20), n_passes=2, dropout=0.1, target_decay_days=1e-3)
    assert np.isfinite(fitted.catalog_scores(np.arange(21))).all()


def test_sequences_end_with_the_newest_items_and_the_first_review_of_a_pair_counts() -> None:
    long = [(1, item) for item in range(MAX_HISTORY_ITEMS + 2)]
    sequences = sequences_of(history([(0, 5), (0, 3), (0, 5), *long], 3, MAX_HISTORY_ITEMS + 2))
    assert sequences.of(0).tolist() == [5, 3]
    assert sequences.of(1).tolist() == list(range(2, MAX_HISTORY_ITEMS + 2))
    assert sequences.of(2).tolist() == []
    places, lengths = sequences.padded(np.array([0, 2]))
    assert lengths.tolist() == [2, 0]
    assert sequences.items[places[0]].tolist() == [5, 3]
