"""Retrainings as real processes, with small programs in place of the training."""

from __future__ import annotations

from pathlib import Path

import pytest

from classes.jobs.folder import JobFolder
from config import Config
from processes.jobs.retrain import RETRAINING
from processes.start_build import open_store
from storage.run_folder import RunFolder
from tests.support.artifacts import write_tiny_model
from tests.support.jobs import (
    ENDLESS,
    KILLED,
    NOTHING,
    artifact_bytes,
    processes_with,
    retrain_with,
    retrainings,
)
from tests.support.process import until
from tests.support.services import copy_of

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
HALF_WAY = "import time; print('epoch 5/10, 7 of 3/2', flush=True); time.sleep(600)"


@pytest.fixture
def config(published: Config, tmp_path: Path) -> Config:
    return copy_of(published, tmp_path)


def test_a_good_model_is_checked_put_in_place_and_served(
    config: Config, monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    write_tiny_model(tmp_path / "another.keras", WIDTHS, seed=9)
    monkeypatch.setenv("ANOTHER", str(tmp_path / "another.keras"))
    before, files = open_store(config).current().generation, artifact_bytes(config)
    job = retrain_with(config, ANOTHER_MODEL)
    assert (job.state, job.progress, job.stage) == ("done", 1.0, "publishing"), job.message
    after = open_store(config).current().generation
    assert before != after == job.generation
    model = config.model_path / "best_model.keras"
    assert model.read_bytes() == (tmp_path / "another.keras").read_bytes()
    assert artifact_bytes(config) == files | {str(model): model.read_bytes()}
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
    before, files = open_store(config).current().generation, artifact_bytes(config)
    job = retrain_with(config, program)
    assert job.state == "failed"
    assert words in job.message
    assert open_store(config).current().generation == before
    assert artifact_bytes(config) == files
    assert not JobFolder(config, RETRAINING).staging(job.id).exists()


def test_a_cancelled_job_ends_its_training_and_changes_nothing(config: Config) -> None:
    files = artifact_bytes(config)
    jobs = retrainings(config, ENDLESS)
    job = jobs.start()
    until(lambda: jobs.job(job.id).message == "epoch 1")
    jobs.cancel(job.id)
    until(lambda: jobs.job(job.id).state == "cancelled")
    assert artifact_bytes(config) == files
    until(lambda: not processes_with(ENDLESS))


def test_a_training_that_counts_moves_the_jobs_progress(config: Config) -> None:
    jobs = retrainings(config, HALF_WAY)
    job = jobs.start()
    until(lambda: jobs.job(job.id).message.startswith("epoch 5/10"))
    assert jobs.job(job.id).progress == 0.475  # the training is from 0.05 to 0.9
    jobs.cancel(job.id)
    until(lambda: jobs.job(job.id).state == "cancelled")


def test_a_job_ends_with_the_service(config: Config) -> None:
    RunFolder(config.run_path).begin()
    jobs = retrainings(config, ENDLESS)
    job = jobs.start()
    until(lambda: jobs.job(job.id).message == "epoch 1")
    RunFolder(config.run_path).drain()
    until(lambda: jobs.job(job.id).state == "cancelled")
    assert "stopped" in jobs.job(job.id).message
