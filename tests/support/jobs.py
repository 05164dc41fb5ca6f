"""Jobs that run small programs in place of a stage of the pipeline."""

from __future__ import annotations

import sys
from dataclasses import replace

import psutil

from classes.jobs.folder import JobFolder
from classes.jobs.job import RETRAINING, Job, JobKind, JobProgram
from config import Config
from processes.jobs.refresh import REFRESH
from tests.support.process import until

NOTHING = "print('there is nothing to do')"
ENDLESS = "import time; print('epoch 1', flush=True); time.sleep(600)"
KILLED = "import os, signal; os.kill(os.getpid(), signal.SIGKILL)"


def retrainings(config: Config, program: str) -> JobFolder:
    return JobFolder(
        config, JobProgram((sys.executable, "-m", "tests.support.job_driver", program), ())
    )


def retrain_with(config: Config, program: str) -> Job:
    """Start a retraining with a program as its training, and wait for its end."""
    return run_to_end(retrainings(config, program))


def run_to_end(jobs: JobFolder, kind: JobKind = RETRAINING) -> Job:
    """Start a job, and wait for its end."""
    job = jobs.start(kind)
    until(lambda: jobs.job(job.id).state != "running", timeout_s=200)
    return jobs.job(job.id)


def processes_with(word: str) -> list[psutil.Process]:
    found = psutil.process_iter(["cmdline"])
    return [process for process in found if word in (process.info["cmdline"] or [])]


def artifact_bytes(config: Config) -> dict[str, bytes]:
    folders = (config.data_path, config.embeddings_path, config.model_path)
    return {str(path): path.read_bytes() for each in folders for path in each.iterdir()}


def refreshes(config: Config, program: str) -> JobFolder:
    command = (sys.executable, "-m", "tests.support.refresh_driver", program)
    return JobFolder(config, replace(REFRESH, command=command, packages=()))
