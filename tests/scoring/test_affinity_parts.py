"""What an item of a history adds to an affinity, and what taking it out does."""

from __future__ import annotations

import numpy as np
import pytest

from recsys.history import NO_WEIGHTS
from scoring.affinities import Affinities
from scoring.affinity_parts import HistoryEntries
from tests.support.similarities import (
    random_histories,
    random_similarities,
    random_weights,
    two_similarities,
)

HISTORY = np.array([0, 2], dtype=np.int32)


def test_addends_are_weights_times_recency() -> None:
    """ "near" says 3 and 6 of item 1, and two items count 2/3 and 1/3; "far" says nothing of it."""
    found = HistoryEntries(two_similarities(), HISTORY).strengths_for(1)
    assert found.terms == pytest.approx(np.array([[2.0, 2.0], [0.0, 0.0]]))
    assert found.phi == pytest.approx([np.log(5), 0.0])
    assert found.fractions == pytest.approx(np.array([[0.5, 0.5], [0.0, 0.0]]))


def test_taking_an_item_out_leaves_its_weight_to_the_others() -> None:
    found = HistoryEntries(two_similarities(), HISTORY).strengths_for(1)
    assert found.changes[0] == pytest.approx([np.log(7) - np.log(5), np.log(4) - np.log(5)])


def test_the_only_item_takes_the_whole_affinity_with_it() -> None:
    found = HistoryEntries(two_similarities(), HISTORY[:1]).strengths_for(1)
    assert found.changes == pytest.approx(np.array([[-np.log(4)], [0.0]]))


def test_no_history_says_nothing() -> None:
    found = HistoryEntries(two_similarities(), HISTORY[:0]).strengths_for(1)
    assert found.phi.tolist() == [0, 0]
    assert found.changes.shape == found.fractions.shape == (2, 0)


def test_addends_of_a_hidden_item_are_subtracted_and_all_add_up() -> None:
    """Item 0, hidden, takes 3 from the 6 that item 2 says of item 1; without it 6 are left."""
    found = HistoryEntries(two_similarities(), HISTORY, np.float32([-1, 1])).strengths_for(1)
    assert found.terms[0] == pytest.approx([-3, 6])
    assert found.phi == pytest.approx([np.log(4), 0])
    assert found.fractions[0] == pytest.approx([-1, 2])
    assert found.changes[0] == pytest.approx([np.log(7) - np.log(4), -np.log(4)])


@pytest.mark.parametrize("weighed", [False, True])
@pytest.mark.parametrize("user", range(40))
def test_affinities_and_their_changes_are_those_of_the_search(user: int, weighed: bool) -> None:
    similarities, histories = random_similarities(), random_histories()
    affinities = Affinities(similarities, histories.starts, histories.items)
    history = histories.of(user)
    weights = random_weights(histories).weights[: len(history)] if weighed else NO_WEIGHTS

    def phi(items: np.ndarray, weights: np.ndarray, item: int) -> np.ndarray:
        rows, values = affinities.of_history(items, weights)
        return values[rows == item].sum(axis=0)

    entries = HistoryEntries(similarities, history, weights)
    for item in range(0, 70, 9):
        found = entries.strengths_for(item)
        whole = phi(history, weights, item)
        assert found.phi == pytest.approx(whole, abs=1e-6)
        for place in range(len(history)):
            rest = np.delete(weights, place) if weighed else weights
            change = phi(np.delete(history, place), rest, item) - whole
            assert found.changes[:, place] == pytest.approx(change, abs=1e-6)
