"""The model card tells of the model in service and of no other."""

from __future__ import annotations

from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app import create_app
from config import Config
from storage.json_file import write_json
from storage.sources import artifact_paths, file_hash
from tests.support.artifacts import write_tiny_artifacts
from tests.support.building import open_store_here
from tests.support.metrics import tiny_metrics
from tests.support.problem import assert_problem
from tests.support.services import config_in

RANKER = {"model": "ranker: what comes next?", "limits": ["It knows no returns."]}


@pytest.fixture
def config(tmp_path: Path) -> Config:
    write_tiny_artifacts(tmp_path)
    return config_in(tmp_path)


@pytest.fixture
def service(config: Config) -> FlaskClient:
    store = open_store_here(config)
    store.ensure(lambda _: None)
    return create_app(config, store).test_client()


def write_card(config: Config, **metrics: object) -> None:
    write_json(config.model_path / "best_model.json", RANKER)
    if metrics:
        write_json(config.model_path / "metrics.json", metrics)


def test_readiness_links_to_the_card_and_the_card_tells_what_the_model_is(
    config: Config, service: FlaskClient
) -> None:
    assert service.get("/health/ready").get_json()["model_card"] is None
    write_card(config)
    ready = service.get("/health/ready")
    answer = service.get(ready.get_json()["model_card"])
    assert answer.content_type == "text/markdown; charset=utf-8"
    assert answer.headers["X-Generation"] == ready.headers["X-Generation"]
    for words in (
        "# Model card\n",
        "what comes next?",
        "It knows no returns.",
        "pipeline evaluate",
    ):
        assert words in answer.text


def test_figures_are_shown_by_subgroup_with_intervals(config: Config, service: FlaskClient) -> None:
    model_hash = file_hash(artifact_paths(config).model)
    write_card(config, **tiny_metrics(), served={"model_hash": model_hash})
    text = service.get("/model_card").text
    assert "| in service: ranker | .200 [.150, .250] |" in text
    assert "| best other: ALS | .100 [.0500, .150] |" in text
    assert (
        "| category of the item | lamps \\| lights | 3 | 4 | .300 [.200, .400] | .0500 [.0100"
        in text
    )
    assert "| item asked for | without history | 1 | 1 |" in text


def test_card_tells_how_good_the_probability_beside_a_list_is(
    config: Config, service: FlaskClient
) -> None:
    auc = {"value": 0.7, "low": 0.6, "high": 0.8}
    told = {"auc": auc, "brier": 0.18, "calibration_error": 0.02}
    models = {"ranker": {"auc": auc}, "served probability": told}
    metrics = tiny_metrics() | {"rating": {"models": models, "base_rate": {"brier": 0.21}}}
    write_card(config, **metrics)
    text = service.get("/model_card").text
    assert "a Brier score of .180, always telling the share of five stars one of .210" in text
    assert "on average it is .0200 away from how often it comes true." in text


def test_figures_of_another_model_or_form_are_left_out(
    config: Config, service: FlaskClient
) -> None:
    write_card(config, **tiny_metrics(), served={"model_hash": "0" * 64})
    assert "Nothing was measured of this model" in service.get("/model_card").text
    write_card(config, ranking={"fresh": {"models": []}})
    answer = service.get("/model_card")
    assert answer.status_code == 200
    assert "The figures beside the model are of another form." in answer.text


def test_a_model_that_is_not_loaded_yet_has_no_card_to_show(
    config: Config, service: FlaskClient
) -> None:
    write_card(config)
    write_tiny_artifacts(config.model_path.parent, seed=1)
    assert_problem(service.get("/model_card"), 404, "best_model.json", "POST /reload_model")
    assert service.get("/health/ready").get_json()["model_card"] is None


def test_the_card_takes_no_parameters(service: FlaskClient) -> None:
    assert_problem(service.get("/model_card?user=zoe"), 400, "'user'")
