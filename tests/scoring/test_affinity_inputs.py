"""Networks of four inputs need no affinities, and rankers those that they learned with."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from classes.app_data_processing import AppDataProcessor
from classes.model import Model
from scoring.keras_file import ModelMismatchError
from tests.support.artifacts import write_tiny_artifacts
from tests.support.rankers import ranker, save, write_tiny_affinities, write_tiny_ranker
from tests.support.search_cases import as_lists

NO_ROWS = np.empty(0, dtype=np.int32)


def test_a_network_of_four_inputs_serves_visitors_too(tmp_path: Path) -> None:
    paths = write_tiny_artifacts(tmp_path)
    data = AppDataProcessor.from_artifacts(paths)
    model = Model.from_keras(paths.model, data.inputs)
    visitor = data.visitor(np.array([4, 9]))
    inputs = data.inputs
    as_user = visitor.user_review, visitor.user_item
    with_visitor = inputs._replace(
        user_review=np.concatenate([inputs.user_review, as_user[0]]),
        user_item=np.concatenate([inputs.user_item, as_user[1]]),
    )
    expected = Model.from_keras(paths.model, with_visitor).top_k([data.n_users], 7, [NO_ROWS])[0]
    assert as_lists([model.top_k_of_visitor(visitor, 7, NO_ROWS)]) == as_lists([expected])


def test_a_network_of_four_inputs_ignores_affinities(tmp_path: Path) -> None:
    paths = write_tiny_artifacts(tmp_path)
    before = AppDataProcessor.from_artifacts(paths)
    write_tiny_affinities(paths)
    after = AppDataProcessor.from_artifacts(paths)
    assert after.affinities is not None
    models = [Model.from_keras(paths.model, data.inputs) for data in (before, after)]
    lists = [
        as_lists([model.top_k([user], 20, [NO_ROWS])[0] for user in range(before.n_users)])
        for model in models
    ]
    assert lists[0] == lists[1]


@pytest.mark.parametrize("n_inputs", [5, 6])
def test_a_ranker_without_its_affinities_is_refused_with_what_to_do(
    tmp_path: Path, n_inputs: int
) -> None:
    paths = write_tiny_ranker(tmp_path, n_inputs)
    paths.item_affinity.unlink()
    data = AppDataProcessor.from_artifacts(paths)
    with pytest.raises(ModelMismatchError, match=r"item_affinity_df\.pq .*POST /reload"):
        Model.from_keras(paths.model, data.inputs)


def test_a_ranker_of_another_number_of_similarities_is_refused_with_both_widths(
    tmp_path: Path,
) -> None:
    paths = write_tiny_ranker(tmp_path)
    save(ranker((8, 8, 8, 2, 7, 4)), paths.model)
    data = AppDataProcessor.from_artifacts(paths)
    with pytest.raises(ModelMismatchError, match=r"\(8, 8, 8, 2, 7, 4\).*\(8, 8, 8, 2, 3, 4\)"):
        Model.from_keras(paths.model, data.inputs)
