"""Jobs over HTTP: started, watched and stopped, and refused to those who may not."""

from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import pytest
from flask.testing import FlaskClient

from app import create_app
from classes.errors import PipelineMissingError
from classes.jobs.folder import JobFolder
from config import Config
from processes.jobs.retrain import RETRAINING
from tests.support.jobs import ENDLESS, refreshes, retrainings
from tests.support.problem import assert_problem
from tests.support.process import until
from tests.support.services import copy_of


@pytest.fixture
def config(published: Config, tmp_path: Path) -> Config:
    return copy_of(published, tmp_path)


@pytest.fixture
def client(config: Config) -> FlaskClient:
    return create_app(config).test_client()


def test_a_job_can_be_started_watched_and_stopped_over_http(config: Config) -> None:
    client = create_app(config, jobs=retrainings(config, ENDLESS)).test_client()
    started = client.post("/reload_model?retrain=true")
    assert started.status_code == 202
    job = started.get_json()
    assert started.headers["Location"] == f"/jobs/{job['id']}"
    assert (job["state"], job["ended_at"], job["generation"]) == ("running", None, None)
    busy = client.post("/reload_model?retrain=true")
    assert_problem(busy, 409, "one runs at a time")
    assert int(busy.headers["Retry-After"]) > 0
    where = started.headers["Location"]
    until(lambda: client.get(where).get_json()["message"] == "epoch 1")
    told = client.get(where).get_json()
    assert (told["kind"], told["stage"]) == ("retraining", "training")
    assert client.delete(where).status_code == 202
    until(lambda: client.get(where).get_json()["state"] == "cancelled")
    assert_problem(client.delete(where), 409, "cancelled")
    assert [each["id"] for each in client.get("/jobs").get_json()] == [job["id"]]


def test_a_refresh_is_started_as_a_job_of_its_own_kind(config: Config) -> None:
    client = create_app(config, jobs=refreshes(config, ENDLESS)).test_client()
    started = client.post("/reload_data?refresh=true")
    assert started.status_code == 202
    where = started.headers["Location"]
    until(lambda: client.get(where).get_json()["message"] == "epoch 1")
    told = client.get(where).get_json()
    assert (told["kind"], told["stage"]) == ("refresh", "refresh")
    assert_problem(client.post("/reload_data?refresh=true"), 409, "one runs at a time")
    assert client.delete(where).status_code == 202
    until(lambda: client.get(where).get_json()["state"] == "cancelled")


@pytest.mark.parametrize(
    "job", ["20200101000000000000-abcdef", "..", "current", "%2e%2e%2fcurrent"]
)
def test_an_unknown_job_is_a_404(client: FlaskClient, job: str) -> None:
    assert_problem(client.get(f"/jobs/{job}"), 404)
    assert_problem(client.delete(f"/jobs/{job}"), 404)


@pytest.mark.parametrize(
    ("method", "path"),
    [
        ("GET", "/jobs"),
        ("GET", "/jobs/20200101000000000000-abcdef"),
        ("DELETE", "/jobs/20200101000000000000-abcdef"),
        ("POST", "/reload_model?retrain=true"),
        ("POST", "/reload_data?refresh=true"),
    ],
)
def test_jobs_are_for_operators_only(config: Config, method: str, path: str) -> None:
    elsewhere = {"REMOTE_ADDR": "192.0.2.7"}
    open_client = create_app(config).test_client()
    assert_problem(open_client.open(path, method=method, environ_base=elsewhere), 403)
    guarded = create_app(replace(config, admin_token="s3cret")).test_client()
    assert_problem(guarded.open(path, method=method), 401)
    assert not (config.snapshot_path / "jobs").exists()


def test_without_the_pipelines_packages_it_is_a_501_that_says_how(config: Config) -> None:
    jobs = JobFolder(config, replace(RETRAINING, packages=("rich", "no_such_package")))
    with pytest.raises(PipelineMissingError):
        jobs.start()
    client = create_app(config, jobs=jobs).test_client()
    answer = client.post("/reload_model?retrain=true")
    assert_problem(answer, 501, "no_such_package", "make setup-pipeline")


def test_refresh_false_is_the_reload_it_always_was(client: FlaskClient) -> None:
    answer = client.post("/reload_data?refresh=false")
    assert json.loads(answer.data) == {"status": "Data reloaded successfully."}
    assert_problem(client.post("/reload_data?refresh=maybe"), 400, "true or false")


def test_retrain_false_is_the_reload_it_always_was(client: FlaskClient) -> None:
    answer = client.post("/reload_model?retrain=false")
    assert json.loads(answer.data) == {"status": "Model reloaded successfully."}
    assert_problem(client.post("/reload_model?retrain=maybe"), 400, "true or false")
