"""A retraining is killed after each thing it makes; the service stays whole and can retrain."""

from __future__ import annotations

import os
import signal
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

import psutil
import pytest

from classes.jobs.folder import JobFolder
from classes.jobs.job import Job
from config import Config
from processes.start_build import open_store
from tests.support.artifacts import write_tiny_model
from tests.support.jobs import artifact_bytes, retrainings, run_to_end
from tests.support.process import until
from tests.support.services import copy_of

WIDTHS = (8, 8, 8, 1)
TRAINING = """
import os, shutil
import pyarrow.parquet as pq
prices = os.path.join(os.environ["EMBEDDINGS_PATH"], "item_price_df.pq")
pq.write_table(pq.read_table(prices), prices + ".new", compression="gzip")
os.replace(prices + ".new", prices)
model = os.path.join(os.environ["MODEL_PATH"], "best_model.keras")
shutil.copyfile(os.environ["ANOTHER"], model + ".new")
os.replace(model + ".new", model)
"""
MOMENTS: dict[str, Callable[[Config, Job], bool]] = {
    "the training has begun": lambda config, job: job.stage == "training",
    "the generation is begun": lambda config, job: _any(config.snapshot_path, "building-*/data/*"),
    "the first file is on its way": lambda config, job: (
        _any(config.embeddings_path, ".item_price*") or _any(config.model_path, ".best_model*")
    ),
    "the files are in their places": lambda config, job: (
        job.stage == "publishing" and _is_new(config) and _at_rest(config)
    ),
}


@pytest.fixture
def config(published: Config, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Config:
    write_tiny_model(tmp_path / "another.keras", WIDTHS, seed=9)
    monkeypatch.setenv("ANOTHER", str(tmp_path / "another.keras"))
    return copy_of(published, tmp_path)


@pytest.mark.slow
@pytest.mark.parametrize("moment", MOMENTS)
def test_a_retraining_killed_when_it_has_come_so_far_leaves_old_or_new_files_and_a_service(
    config: Config, moment: str
) -> None:
    before, old = open_store(config).current().generation, artifact_bytes(config)
    jobs = retrainings(config, TRAINING)
    _kill_at(config, jobs, MOMENTS[moment])
    [job] = jobs.jobs()
    assert job.state == "failed"
    assert "ended unexpectedly" in job.message
    new = old | {path: artifact_bytes(config)[path] for path in old if _is_new(config)}
    assert _visible(artifact_bytes(config)) in (old, new)
    assert open_store(config).current().generation == before
    again = run_to_end(jobs)
    assert again.state == "done", again.message
    assert open_store(config).current().generation == again.generation != before
    assert _visible(artifact_bytes(config)) == artifact_bytes(config), (
        "a killed copy was left behind"
    )
    assert not [path.name for path in config.snapshot_path.glob("building-*")]
    assert not jobs.staging(job.id).exists()


def _kill_at(config: Config, jobs: JobFolder, has_come: Callable[[Config, Job], bool]) -> None:
    """Start a job, and kill all its processes as soon as it has come so far."""
    job = jobs.start()
    until(lambda: bool(_processes_of(job)))
    while not has_come(config, jobs._read(job.id) or job):
        time.sleep(0.0005)
    for process in _processes_of(job):
        with suppress(ProcessLookupError):
            os.kill(process.pid, signal.SIGKILL)
    until(lambda: jobs.job(job.id).state != "running")


def _processes_of(job: Job) -> list[psutil.Process]:
    """Find the job's own process and its descendants."""
    for process in psutil.process_iter(["cmdline"]):
        if job.id in (process.info["cmdline"] or []):
            return [process, *process.children(recursive=True)]
    return []


def _visible(contents: dict[str, bytes]) -> dict[str, bytes]:
    return {path: content for path, content in contents.items() if "/." not in path}


def _is_new(config: Config) -> bool:
    model = (config.model_path / "best_model.keras").read_bytes()
    return model == Path(os.environ["ANOTHER"]).read_bytes()


def _at_rest(config: Config) -> bool:
    return not _any(config.embeddings_path, ".*") and not _any(config.model_path, ".*")


def _any(folder: Path, pattern: str) -> bool:
    return next(folder.glob(pattern), None) is not None
