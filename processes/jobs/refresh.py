"""Make what a ranker reads anew from all reviews, as a job: `python -m processes.jobs.refresh ID LOCK`."""

from __future__ import annotations

import sys
from collections.abc import Sequence
from typing import Final

from classes.jobs.job import JobProgram
from processes.jobs.pipeline_job import PACKAGES, Work, run

REFRESHING: Final = (sys.executable, "-m", "pipeline", "refresh")
REFRESH: Final = JobProgram(
    (sys.executable, "-m", "processes.jobs.refresh"), PACKAGES, kind="refresh", noun="refresh"
)


def main(job_id: str, lock: str, refreshing: Sequence[str] = REFRESHING) -> None:
    """Run the job; `refreshing` is the command that refreshes."""
    makes, result = "embeddings/item_affinity_df.pq", "new similarities"
    done = "The model is served with similarities and columns of all reviews"
    run(job_id, lock, Work("refresh", refreshing, makes, result, done))


if __name__ == "__main__":
    main(*sys.argv[1:])
