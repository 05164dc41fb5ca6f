"""A user without an item of the history is described as if they had never reviewed it."""

from __future__ import annotations

import numpy as np
import pytest

from classes.app_data_processing import AppDataProcessor
from recsys.features.user_vectors import user_item_vectors
from recsys.history import History
from tests.support.rankers import write_tiny_ranker

USER = 4
"""Reviewed the items 4, 5 and 6 with 5, 4 and 3 stars, the last one last."""


@pytest.fixture(scope="module")
def data(tmp_path_factory: pytest.TempPathFactory) -> AppDataProcessor:
    return AppDataProcessor.from_artifacts(write_tiny_ranker(tmp_path_factory.mktemp("ranker")))


def test_nothing_left_out_is_the_user_as_stored(data: AppDataProcessor) -> None:
    for without in (None, np.array([], dtype=np.int32), np.array([15], dtype=np.int32)):
        person = data.person(USER, without)
        inputs = data.inputs
        assert person.history.tolist() == [6, 5, 4]
        assert (person.user_item[0] == inputs.user_item[USER]).all()
        assert inputs.user_profile is not None
        assert (person.user_profile[0] == inputs.user_profile[USER]).all()


def test_the_profile_is_of_the_other_items_alone(data: AppDataProcessor) -> None:
    """Twelve users gave 5, 4 and 3 stars and one gave 5; prices are 10 + row, of the first 14 but 4 and 9."""
    person = data.person(USER, np.array([6]))
    mean_rating = (12 * (5 + 4 + 3) + 5) / 37
    rates = np.linspace(0.1, 0.9, 20)
    prices = np.log([10 + row for row in range(14) if row % 5 != 4])
    assert person.history.tolist() == [5, 4]
    expected = [
        np.log1p(2),
        (4 + 5 - 2 * mean_rating) / (2 + 5),
        np.log(15) - np.median(prices),
        (0 - rates[5] + 1 - rates[4]) / (2 + 3),
    ]
    assert person.user_profile[0] == pytest.approx(expected, abs=1e-6)


def test_the_vector_is_that_of_a_user_with_the_other_items(data: AppDataProcessor) -> None:
    person = data.person(USER, np.array([5, 6]))
    rest = History.of_one(np.array([4], dtype=np.int32))
    assert (person.user_item == user_item_vectors(rest, data.inputs.item_desc)).all()
    assert (person.user_review[0] == data.inputs.user_review[USER]).all()


def test_a_user_without_any_item_has_an_empty_profile(data: AppDataProcessor) -> None:
    person = data.person(USER, np.array([4, 5, 6]))
    assert len(person.history) == 0
    assert not person.user_profile.any()
    assert not person.user_item.any()
