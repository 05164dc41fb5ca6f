"""A ranker is measured as it would have been at the cutoff, and its lists are those over HTTP."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from flask.testing import FlaskClient

from app import create_app
from config import Config
from pipeline.evaluate.baselines import MINIMAL
from pipeline.evaluate.cutoff import STALE, cutoff
from pipeline.evaluate.evaluation import Evaluation, EvaluationOptions, evaluate
from pipeline.evaluate.models import HISTORIES_ONLY, STRICT
from pipeline.evaluate.point_in_time import write_artifacts_at
from pipeline.evaluate.rating_task import SERVED_PROBABILITY
from pipeline.evaluate.results import results
from pipeline.evaluate.timeline import read_timeline
from pipeline.train.model_card import read_card, save_card
from recsys import columns
from storage.artifacts import read_clean, write_frame
from storage.sources import artifact_paths
from tests.support.building import open_store_here
from tests.support.served_scores import five_star_probabilities, ranks_and_scores
from tests.support.services import config_in
from tests.support.stages import run_stage
from tests.support.tiny_reviews import FIRST_DAY, N_USERS, write_even_artifacts

pytestmark = [
    pytest.mark.pipeline,
    pytest.mark.slow,  # two models are trained
    # Keras 3.15 copies its variables in a way that NumPy 2 no longer likes.
    pytest.mark.filterwarnings("ignore:__array__ implementation:DeprecationWarning"),
]


FIVE_STAR_COEFFICIENTS = {
    "intercept": -1.0,
    "no_history": 0.5,
    "user.five_star": 2.0,
    "user.log_count": 0.5,
    "item.five_star_rate": 3.0,
    "text_rate": 2.0,
    "affinity.seq": 0.2,
    "affinity.ml": 0.3,
}
"""What a training may have chosen; there are too few ratings here to choose anything."""


@pytest.fixture(scope="module")
def config(tmp_path_factory: pytest.TempPathFactory) -> Config:
    folder = tmp_path_factory.mktemp("even")
    write_even_artifacts(folder)
    config = config_in(folder)
    assert run_stage(config, "train", "--objective", "ranker", "--allow-worse") == 0
    model = artifact_paths(config).model
    save_card(read_card(model) | {"five_star_coefficients": FIVE_STAR_COEFFICIENTS}, model)
    return config


@pytest.fixture(scope="module")
def kept(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("kept")


@pytest.fixture(scope="module")
def evaluation(config: Config, kept: Path) -> Evaluation:
    return evaluate(config, EvaluationOptions(baselines=MINIMAL, keep_artifacts=kept))


def test_a_ranker_competes_with_the_rating_network(evaluation: Evaluation) -> None:
    numbers = results(evaluation)
    stale, fresh = (list(mode["models"]) for mode in numbers["ranking"].values())
    assert stale == ["ranker", "network", "popularity", "ALS"]
    assert fresh == ["ranker", f"ranker{HISTORIES_ONLY}", "network", "popularity", "ALS"]
    assert numbers["rating"]["models"]["network"]["auc"]["value"] > 0.95
    assert numbers["ranking"]["stale"]["models"]["network"]["fit_seconds"] > 0


def test_modes_are_compared_on_the_same_users_and_differ_by_what_is_told(
    evaluation: Evaluation,
) -> None:
    numbers = results(evaluation)["modes"]
    values = {name: found["value"] for name, found in numbers["ndcg@10"].items()}
    assert list(values) == ["refreshed", "histories only", "stale"]
    # Everybody has a history at either cutoff, and nobody asks for a new item.
    assert (numbers["cases"], numbers["users"]) == (N_USERS, N_USERS)
    measured = results(evaluation)["ranking"]
    assert values["refreshed"] == measured["fresh"]["models"]["ranker"]["ndcg@10"]["value"]
    histories = measured["fresh"]["models"][f"ranker{HISTORIES_ONLY}"]
    assert values["histories only"] == histories["ndcg@10"]["value"]
    assert values["stale"] == measured["stale"]["models"]["ranker"]["ndcg@10"]["value"]
    for name, change in numbers["changes"].items():
        later, earlier = name.split(" over ")
        assert change["value"] == pytest.approx(values[later] - values[earlier])
        assert change["low"] - 1e-9 <= change["value"] <= change["high"] + 1e-9


def test_reloaded_histories_alone_give_other_lists_than_a_refresh_and_than_none(
    evaluation: Evaluation,
) -> None:
    refreshed, histories = (answers.lists for answers in evaluation.fresh.models[:2])
    assert not np.array_equal(histories, refreshed)
    assert not np.array_equal(histories, evaluation.stale.models[0].lists)


def test_where_single_items_are_left_out_similarities_of_training_only_are_told_apart(
    config: Config,
) -> None:
    options = EvaluationOptions(split="leave-one-out", baselines=MINIMAL)
    found = evaluate(config, options)
    assert [answers.name for answers in found.fresh.models[:2]] == ["ranker", STRICT]
    assert found.stale.models[1].name == "popularity"


@pytest.fixture(scope="module")
def client(evaluation: Evaluation, kept: Path) -> FlaskClient:
    service = config_in(kept / "fresh", max_users_per_body=N_USERS)
    store = open_store_here(service)
    store.ensure(lambda _: None)
    return create_app(service, store).test_client()


def test_twenty_items_over_http_are_those_that_were_measured(
    evaluation: Evaluation, client: FlaskClient
) -> None:
    users, items = evaluation.timeline.user_names, evaluation.timeline.item_names
    expected = {
        users[user]: [items[row] for row in rows if row >= 0]
        for user, rows in zip(
            evaluation.fresh.cutoff.users, evaluation.fresh.models[0].lists, strict=True
        )
    }
    answer = client.post("/recommendations", json={"users": list(expected), "n": 20})
    assert answer.status_code == 200, answer.text
    assert answer.get_json() == expected


def test_ranks_and_scores_over_http_are_those_that_were_measured(
    evaluation: Evaluation, client: FlaskClient
) -> None:
    ranks, scores = ranks_and_scores(client, evaluation.timeline, evaluation.fresh)
    measured = evaluation.fresh.models[0]
    assert ranks.tolist() == measured.ranks.tolist()
    assert scores == pytest.approx(measured.scores, abs=1e-5)


def test_five_star_probabilities_over_http_are_those_that_were_measured(
    evaluation: Evaluation, kept: Path
) -> None:
    service = config_in(kept / "stale", max_users_per_body=N_USERS)
    store = open_store_here(service)
    store.ensure(lambda _: None)
    client = create_app(service, store).test_client()
    told = five_star_probabilities(client, evaluation.timeline, evaluation.stale)
    measured = {each.name: each for each in evaluation.rating}[SERVED_PROBABILITY]
    assert len(np.unique(told)) > 10
    np.testing.assert_allclose(told, measured.scores, rtol=1e-6)
    np.testing.assert_array_equal(measured.scores, measured.probabilities)


def test_shuffling_the_future_changes_no_similarity_and_no_column(
    config: Config, tmp_path: Path
) -> None:
    paths = artifact_paths(config)
    frame = read_clean(paths.clean)
    later = frame[columns.REVIEW_TIME] >= FIRST_DAY + pd.Timedelta(days=80)
    shuffled = [columns.USER, columns.RATING]
    mixed = frame.copy()
    mixed.loc[later, shuffled] = (
        frame.loc[later, shuffled].sample(frac=1, random_state=1).to_numpy()
    )
    written = []
    for clean in (frame, mixed):
        write_frame(clean, paths.clean)
        timeline = read_timeline(paths)
        folder = tmp_path / f"as of {len(written)}"
        as_of = write_artifacts_at(paths, timeline, cutoff(timeline, STALE), folder)
        written.append([as_of.item_affinity.read_bytes(), as_of.item_price.read_bytes()])
    write_frame(frame, paths.clean)
    assert written[0] == written[1]
