"""Run a job with another program as its refresh.

Usage: `python -m tests.support.refresh_driver PROGRAM ID LOCK`.
"""

from __future__ import annotations

import sys

from processes.jobs import refresh


def main(program: str, job_id: str, lock: str) -> None:
    refresh.main(job_id, lock, refreshing=(sys.executable, "-c", program))


if __name__ == "__main__":
    main(*sys.argv[1:])
