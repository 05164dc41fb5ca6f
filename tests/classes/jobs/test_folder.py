"""One job at a time, whatever is killed, and a record of the last ones."""

from __future__ import annotations

import os
import signal
from dataclasses import replace
from pathlib import Path

import pytest

from classes.errors import JobBusyError
from classes.jobs.folder import KEPT_JOBS, JobFolder
from classes.jobs.job import Job
from config import Config
from processes.jobs.retrain import RETRAINING
from tests.support.jobs import ENDLESS, NOTHING, processes_with, retrain_with, retrainings
from tests.support.process import until
from tests.support.services import copy_of


@pytest.fixture
def config(published: Config, tmp_path: Path) -> Config:
    return copy_of(published, tmp_path)


def test_one_job_runs_at_a_time_whoever_asks(config: Config) -> None:
    job = retrainings(config, ENDLESS).start()
    with pytest.raises(JobBusyError, match="one runs at a time"):
        retrainings(config, NOTHING).start()
    jobs = JobFolder(config, RETRAINING)
    jobs.cancel(job.id)
    until(lambda: jobs.job(job.id).state == "cancelled")
    assert retrain_with(config, NOTHING).state == "failed"
    assert [each.state for each in jobs.jobs()] == ["failed", "cancelled"]


def test_a_job_whose_processes_were_killed_has_failed_and_another_may_start(config: Config) -> None:
    jobs = retrainings(config, ENDLESS)
    job = jobs.start()
    until(lambda: jobs.job(job.id).message == "epoch 1")
    [runner] = processes_with(job.id)
    for process in [*runner.children(recursive=True), runner]:
        os.kill(process.pid, signal.SIGKILL)
    until(lambda: jobs.job(job.id).state == "failed")
    assert "ended unexpectedly" in jobs.job(job.id).message
    assert jobs.staging(job.id).is_dir()
    assert retrain_with(config, NOTHING).state == "failed"
    assert not jobs.staging(job.id).exists()


def test_only_the_last_jobs_are_kept(config: Config) -> None:
    jobs = retrainings(config, NOTHING)
    (config.snapshot_path / "jobs").mkdir()
    for number in range(KEPT_JOBS + 5):
        jobs.write(Job(f"20200101000000000000-0000{number:02d}", "done", "", 1.0, "", 0.0, 1.0))
    retrain_with(config, NOTHING)
    kept = [job.id for job in jobs.jobs()]
    assert len(kept) == KEPT_JOBS
    assert kept[-1] == f"20200101000000000000-0000{5 + 1:02d}"


def test_a_clock_set_back_changes_neither_the_order_of_jobs_nor_how_long_they_took(
    config: Config,
) -> None:
    jobs = retrainings(config, NOTHING)
    (config.snapshot_path / "jobs").mkdir()
    for number in range(KEPT_JOBS):
        jobs.write(Job(f"20990101000000000000-0000{number:02d}", "done", "", 1.0, "", 0.0, 1.0))
    job = retrain_with(config, NOTHING)
    assert jobs.jobs()[0].id == job.id
    jobs.write(replace(job, state="running", created_at=4e9, ended_at=None))  # its process is gone
    assert jobs.job(job.id).ended_at == 4e9
