"""Train a model anew, as a job: `python -m processes.jobs.retrain ID LOCK`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

from classes.jobs.job import JobProgram
from processes.jobs.pipeline_job import PACKAGES, Work, run

TRAINING: Final = (sys.executable, "-m", "pipeline", "train", "--objective", "ranker")
RETRAINING: Final = JobProgram((sys.executable, "-m", "processes.jobs.retrain"), PACKAGES)


def main(job_id: str, lock: str, training: Sequence[str] = TRAINING) -> None:
    """Run the job; `training` is the command that trains."""
    result, done = "a new model", "The new model is served"
    run(job_id, lock, Work("training", training, "models/best_model.keras", result, done))


if __name__ == "__main__":
    main(*sys.argv[1:])
