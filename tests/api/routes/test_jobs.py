"""Retraining jobs: real processes, with small programs in place of the training."""

from __future__ import annotations

import json
import os
import signal
import sys
from dataclasses import replace
from pathlib import Path

import pandas as pd
import psutil
import pytest
from flask.testing import FlaskClient

from app import create_app
from classes.errors import JobBusyError, PipelineMissingError
from classes.jobs.folder import KEPT_JOBS, JobFolder
from classes.jobs.job import Job, JobProgram
from config import Config
from processes.jobs.refresh import REFRESH
from processes.jobs.retrain import RETRAINING
from processes.start_build import open_store
from recsys import columns
from storage.run_folder import RunFolder
from tests.support.artifacts import write_tiny_model
from tests.support.problem import assert_problem
from tests.support.process import until
from tests.support.rankers import write_tiny_ranker
from tests.support.services import config_in, copy_of

WIDTHS = (8, 8, 8, 1)

ANOTHER_MODEL = """
import os, shutil
print("epoch 1 of 1", flush=True)
model = os.path.join(os.environ["MODEL_PATH"], "best_model.keras")
shutil.copyfile(os.environ["ANOTHER"], model + ".new")
os.replace(model + ".new", model)
"""
A_BROKEN_MODEL = """
import os
model = os.path.join(os.environ["MODEL_PATH"], "best_model.keras")
os.remove(model)
open(model, "w").write("no Keras file")
"""
A_WORSE_MODEL = """
import sys
sys.exit("pipeline: popularity ranks better than this model, so it was not published.")
"""
BROKEN_SIMILARITIES = """
import os
similarities = os.path.join(os.environ["EMBEDDINGS_PATH"], "item_affinity_df.pq")
os.remove(similarities)
open(similarities, "w").write("no parquet file")
"""
OTHER_RATES = """
import os, shutil
import pandas as pd
similarities, prices = (
    os.path.join(os.environ["EMBEDDINGS_PATH"], name)
    for name in ("item_affinity_df.pq", "item_price_df.pq")
)
shutil.copyfile(similarities, similarities + ".new")
os.replace(similarities + ".new", similarities)
frame = pd.read_parquet(prices)
frame["five_star_rate"] = frame["five_star_rate"] * 0 + 0.5
frame.to_parquet(prices + ".new")
os.replace(prices + ".new", prices)
"""
NOTHING = "print('there is nothing to do')"
ENDLESS = "import time; print('epoch 1', flush=True); time.sleep(600)"
HALF_WAY = "import time; print('epoch 5/10, 7 of 3/2', flush=True); time.sleep(600)"
KILLED = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"


@pytest.fixture
def config(published: Config, tmp_path: Path) -> Config:
    return copy_of(published, tmp_path)


def folder(config: Config, program: str) -> JobFolder:
    return JobFolder(
        config, JobProgram((sys.executable, "-m", "tests.support.job_driver", program), ())
    )


def run(config: Config, program: str) -> Job:
    """Start a job and wait for its end."""
    jobs = folder(config, program)
    job = jobs.start()
    until(lambda: jobs.job(job.id).state != "running", timeout_s=200)
    return jobs.job(job.id)


def processes_with(word: str) -> list[psutil.Process]:
    found = psutil.process_iter(["cmdline"])
    return [process for process in found if word in (process.info["cmdline"] or [])]


def contents(config: Config) -> dict[str, bytes]:
    folders = (config.data_path, config.embeddings_path, config.model_path)
    return {str(path): path.read_bytes() for each in folders for path in each.iterdir()}


def test_a_good_model_is_checked_put_in_place_and_served(
    config: Config, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_tiny_model(tmp_path / "another.keras", WIDTHS, seed=9)
    monkeypatch.setenv("ANOTHER", str(tmp_path / "another.keras"))
    before, files = open_store(config).current().generation, contents(config)
    job = run(config, ANOTHER_MODEL)
    assert (job.state, job.progress, job.stage) == ("done", 1.0, "publishing"), job.message
    after = open_store(config).current().generation
    assert before != after == job.generation
    model = config.model_path / "best_model.keras"
    assert model.read_bytes() == (tmp_path / "another.keras").read_bytes()
    assert contents(config) == files | {str(model): model.read_bytes()}
    assert not JobFolder(config, RETRAINING).staging(job.id).exists()
    said: list[str] = []
    open_store(config).ensure(said.append)  # the next start has nothing to build
    assert said == [f"Serving the published snapshot {after}."]
    assert open_store(config).rollback().generation == before


@pytest.mark.parametrize(
    ("program", "words"),
    [
        (A_WORSE_MODEL, "popularity ranks better than this model"),
        (A_BROKEN_MODEL, "not a Keras model"),
        (NOTHING, "without a new model"),
        (KILLED, "signal 9"),
    ],
    ids=["worse", "broken", "none", "killed"],
)
def test_training_without_a_good_model_changes_nothing(
    config: Config, program: str, words: str
) -> None:
    before, files = open_store(config).current().generation, contents(config)
    job = run(config, program)
    assert job.state == "failed"
    assert words in job.message
    assert open_store(config).current().generation == before
    assert contents(config) == files
    assert not JobFolder(config, RETRAINING).staging(job.id).exists()


def test_a_cancelled_job_ends_its_training_and_changes_nothing(config: Config) -> None:
    files = contents(config)
    jobs = folder(config, ENDLESS)
    job = jobs.start()
    until(lambda: jobs.job(job.id).message == "epoch 1")
    jobs.cancel(job.id)
    until(lambda: jobs.job(job.id).state == "cancelled")
    assert contents(config) == files
    until(lambda: not processes_with(ENDLESS))


def test_a_training_that_counts_moves_the_jobs_progress(config: Config) -> None:
    jobs = folder(config, HALF_WAY)
    job = jobs.start()
    until(lambda: jobs.job(job.id).message.startswith("epoch 5/10"))
    assert jobs.job(job.id).progress == 0.475  # the training is from 0.05 to 0.9
    jobs.cancel(job.id)
    until(lambda: jobs.job(job.id).state == "cancelled")


def test_a_job_ends_with_the_service(config: Config) -> None:
    RunFolder(config.run_path).begin()
    jobs = folder(config, ENDLESS)
    job = jobs.start()
    until(lambda: jobs.job(job.id).message == "epoch 1")
    RunFolder(config.run_path).drain()
    until(lambda: jobs.job(job.id).state == "cancelled")
    assert "stopped" in jobs.job(job.id).message


def test_one_job_runs_at_a_time_whoever_asks(config: Config) -> None:
    job = folder(config, ENDLESS).start()
    with pytest.raises(JobBusyError, match="one runs at a time"):
        folder(config, NOTHING).start()
    jobs = JobFolder(config, RETRAINING)
    jobs.cancel(job.id)
    until(lambda: jobs.job(job.id).state == "cancelled")
    assert run(config, NOTHING).state == "failed"
    assert [each.state for each in jobs.jobs()] == ["failed", "cancelled"]


def test_a_job_whose_processes_were_killed_has_failed_and_another_may_start(config: Config) -> None:
    jobs = folder(config, ENDLESS)
    job = jobs.start()
    until(lambda: jobs.job(job.id).message == "epoch 1")
    [runner] = processes_with(job.id)
    for process in [*runner.children(recursive=True), runner]:
        os.kill(process.pid, signal.SIGKILL)
    until(lambda: jobs.job(job.id).state == "failed")
    assert "ended unexpectedly" in jobs.job(job.id).message
    assert jobs.staging(job.id).is_dir()
    assert run(config, NOTHING).state == "failed"
    assert not jobs.staging(job.id).exists()


def test_only_the_last_jobs_are_kept(config: Config) -> None:
    jobs = folder(config, NOTHING)
    (config.snapshot_path / "jobs").mkdir()
    for number in range(KEPT_JOBS + 5):
        jobs.write(Job(f"20200101000000000000-0000{number:02d}", "done", "", 1.0, "", 0.0, 1.0))
    run(config, NOTHING)
    kept = [job.id for job in jobs.jobs()]
    assert len(kept) == KEPT_JOBS
    assert kept[-1] == f"20200101000000000000-0000{5 + 1:02d}"


def test_a_clock_set_back_changes_neither_the_order_of_jobs_nor_how_long_they_took(
    config: Config,
) -> None:
    jobs = folder(config, NOTHING)
    (config.snapshot_path / "jobs").mkdir()
    for number in range(KEPT_JOBS):
        jobs.write(Job(f"20990101000000000000-0000{number:02d}", "done", "", 1.0, "", 0.0, 1.0))
    job = run(config, NOTHING)
    assert jobs.jobs()[0].id == job.id
    jobs.write(replace(job, state="running", created_at=4e9, ended_at=None))  # its process is gone
    assert jobs.job(job.id).ended_at == 4e9


@pytest.fixture
def client(config: Config) -> FlaskClient:
    return create_app(config).test_client()


def test_a_job_can_be_started_watched_and_stopped_over_http(config: Config) -> None:
    client = create_app(config, jobs=folder(config, ENDLESS)).test_client()
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


def refreshes(config: Config, program: str) -> JobFolder:
    command = (sys.executable, "-m", "tests.support.refresh_driver", program)
    return JobFolder(config, replace(REFRESH, command=command, packages=()))


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
    ("program", "words"),
    [
        ("import sys; sys.exit('pipeline: it reads no similarities.')", "reads no similarities"),
        (KILLED, "The refresh was stopped by signal 9"),
        (NOTHING, "ended without new similarities"),
        (BROKEN_SIMILARITIES, "item_affinity_df.pq"),
    ],
    ids=["refused", "killed", "none", "broken"],
)
def test_a_failed_refresh_leaves_everything_as_it_was(
    tmp_path: Path, program: str, words: str
) -> None:
    write_tiny_ranker(tmp_path)
    config = config_in(tmp_path)
    open_store(config).ensure(lambda _: None)
    before, files = open_store(config).current().generation, contents(config)
    jobs = refreshes(config, program)
    job = jobs.start("refresh")
    until(lambda: jobs.job(job.id).state != "running", timeout_s=200)
    assert jobs.job(job.id).state == "failed"
    assert words in jobs.job(job.id).message
    assert open_store(config).current().generation == before
    assert contents(config) == files


def test_a_good_refresh_is_put_in_place_and_served(tmp_path: Path) -> None:
    write_tiny_ranker(tmp_path)
    config = config_in(tmp_path)
    open_store(config).ensure(lambda _: None)
    before, model = open_store(config).current().generation, config.model_path / "best_model.keras"
    weights = model.read_bytes()
    jobs = refreshes(config, OTHER_RATES)
    job = jobs.start("refresh")
    until(lambda: jobs.job(job.id).state != "running", timeout_s=200)
    job = jobs.job(job.id)
    assert job.state == "done", job.message
    assert "similarities and columns of all reviews" in job.message
    assert before != job.generation == open_store(config).current().generation
    rates = pd.read_parquet(config.embeddings_path / "item_price_df.pq")[columns.FIVE_STAR_RATE]
    assert (rates == 0.5).all()
    assert model.read_bytes() == weights


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
