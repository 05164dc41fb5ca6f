"""The model in service, asked about users by the names that the reviews have."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from pipeline.errors import PipelineError
from pipeline.evaluate.ranking_model import RankingModel
from pipeline.evaluate.service_model import ranking_model_from_artifacts
from tests.support.artifacts import tiny_user_names, write_tiny_artifacts

pytestmark = [
    pytest.mark.pipeline,
    # Keras 3.15 copies its variables in a way that NumPy 2 no longer likes.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]

FIRST, *_, LAST = tiny_user_names()
ASKED = np.array([FIRST, LAST, "nobody at all", FIRST.title()], dtype=object)


@pytest.fixture(scope="module")
def model(tmp_path_factory: pytest.TempPathFactory) -> RankingModel:
    folder: Path = tmp_path_factory.mktemp("tiny")
    return ranking_model_from_artifacts(write_tiny_artifacts(folder), ASKED)


def test_known_users_have_scores_and_lists_of_their_own(model: RankingModel) -> None:
    users = np.array([0, 1])
    first, last = model.catalog_scores(users)
    assert not np.array_equal(first, last)
    assert model.lists is not None
    assert model.lists(users, 5, 0.0).shape == (2, 5)


@pytest.mark.parametrize("unknown", [2, 3])
def test_users_whom_the_artifacts_do_not_know_as_written_are_refused(
    model: RankingModel, unknown: int
) -> None:
    users = np.array([0, unknown, 1])
    with pytest.raises(PipelineError, match=rf"1 of 3 users .* first is '{ASKED[unknown]}'"):
        model.catalog_scores(users)
    assert model.lists is not None
    with pytest.raises(PipelineError, match="1 of 3 users"):
        model.lists(users, 5, 0.0)
