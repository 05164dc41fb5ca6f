"""Runs a job whose training is another program: `python -m tests.http.job_driver PROGRAM ID LOCK`."""

from __future__ import annotations

import sys

from classes import retraining


def main(program: str, job_id: str, lock: str) -> None:
    retraining.TRAINING = (sys.executable, "-c", program)  # type: ignore[misc]
    retraining.main(job_id, lock)


if __name__ == "__main__":
    main(*sys.argv[1:])
