"""What is measured is what is served: the lists of the evaluation are those of the service."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from flask.testing import FlaskClient

from app import create_app
from pipeline.evaluate.baselines import MINIMAL
from pipeline.evaluate.evaluation import Evaluation, EvaluationOptions, evaluate
from pipeline.evaluate.results import results
from storage.artifacts import ArtifactPaths
from tests.support.artifacts import write_tiny_model
from tests.support.building import open_store_here
from tests.support.served_scores import ranks_and_scores
from tests.support.services import config_in
from tests.support.tiny_reviews import N_USERS, WIDTH, write_even_artifacts

pytestmark = [
    pytest.mark.pipeline,
    # Keras 3.15 copies its variables in a way that NumPy 2 no longer likes.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


@pytest.fixture(scope="module")
def paths(tmp_path_factory: pytest.TempPathFactory) -> ArtifactPaths:
    paths = write_even_artifacts(tmp_path_factory.mktemp("even"))
    write_tiny_model(paths.model, (WIDTH, WIDTH, WIDTH, 1))
    return paths


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def evaluation(paths: ArtifactPaths, kept: Path) -> Evaluation:
    config = config_in(paths.clean.parent.parent)
    return evaluate(config, EvaluationOptions(baselines=MINIMAL, keep_artifacts=kept))


@pytest.fixture(scope="module", params=["stale", "fresh"])
def mode(request: pytest.FixtureRequest) -> str:
    return str(request.param)


@pytest.fixture(scope="module")
def client(mode: str, evaluation: Evaluation, kept: Path) -> FlaskClient:
    config = config_in(kept / mode, max_users_per_request=N_USERS)
    store = open_store_here(config)
    store.ensure(lambda _: None)
    return create_app(config, store).test_client()


def expected(evaluation: Evaluation, mode: str, n: int) -> dict[str, list[str]]:
    comparison = evaluation.stale if mode == "stale" else evaluation.fresh
    users, items = evaluation.timeline.user_names, evaluation.timeline.item_names
    return {
        users[user]: [items[row] for row in rows[:n] if row >= 0]
        for user, rows in zip(comparison.cutoff.users, comparison.models[0].lists, strict=True)
    }


def test_twenty_items_of_every_test_user_are_those_that_were_measured(
    evaluation: Evaluation, mode: str, client: FlaskClient
) -> None:
    lists = expected(evaluation, mode, 20)
    answer = client.post("/recommendations", json={"users": list(lists), "n": 20})
    assert answer.status_code == 200, answer.text
    assert len(lists) == N_USERS
    assert answer.get_json() == lists


def test_ranks_and_scores_behind_the_numbers_are_those_over_http(
    evaluation: Evaluation, mode: str, client: FlaskClient
) -> None:
    comparison = evaluation.stale if mode == "stale" else evaluation.fresh
    ranks, scores = ranks_and_scores(client, evaluation.timeline, comparison)
    measured = comparison.models[0]
    assert ranks.tolist() == measured.ranks.tolist()
    assert scores == pytest.approx(1 / (1 + np.exp(-measured.scores)), abs=1e-6)


def test_the_five_items_of_a_plain_request_are_the_first_of_them(
    evaluation: Evaluation, mode: str, client: FlaskClient
) -> None:
    lists = expected(evaluation, mode, 5)
    answer = client.get("/recommendations", query_string={"users": list(lists)})
    assert answer.get_json() == lists


@pytest.mark.parametrize("mode", ["fresh"], indirect=True)
def test_lists_judged_at_a_diversity_are_those_that_it_gives(
    evaluation: Evaluation, client: FlaskClient
) -> None:
    users, items = evaluation.timeline.user_names, evaluation.timeline.item_names
    assert list(evaluation.varied) == [0.0, 0.25, 0.5, 0.75]
    for diversity, lists in evaluation.varied.items():
        judged = {
            users[user]: [items[row] for row in rows if row >= 0]
            for user, rows in zip(evaluation.fresh.cutoff.users, lists, strict=True)
        }
        body = {"users": list(judged), "n": 10, "diversity": diversity}
        assert client.post("/recommendations", json=body).get_json() == judged


def test_without_diversity_the_numbers_are_those_of_the_model_in_service(
    evaluation: Evaluation,
) -> None:
    numbers = results(evaluation)
    plain = numbers["diversity"]["0"]
    served = next(iter(numbers["ranking"]["fresh"]["models"].values()))
    variety = ("coverage@5", "novelty@5", "gini@5", "intra_list_similarity@5")
    assert {name: plain[name] for name in variety} == {name: served[name] for name in variety}
    assert plain["ndcg@10"] == pytest.approx(served["ndcg@10"])
    assert plain["ndcg@10_change"]["value"] == 0
    assert list(numbers["diversity"]) == ["0", "0.25", "0.5", "0.75"]
