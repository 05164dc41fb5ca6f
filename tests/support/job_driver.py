"""Run a job with another program as its training.

Usage: `python -m tests.support.job_driver PROGRAM ID LOCK`.
"""

from __future__ import annotations

import sys

from processes.jobs import retrain


def main(program: str, job_id: str, lock: str) -> None:
    retrain.main(job_id, lock, training=(sys.executable, "-c", program))


if __name__ == "__main__":
    main(*sys.argv[1:])
