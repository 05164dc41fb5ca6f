"""Jobs that run beside the service, one at a time: their states, and who may start one.

jobs/lock            held by the running job's processes; the kernel releases it with the last
jobs/<id>.json       state of a job, replaced whole, so that every worker can read it
jobs/<id>.cancel     asks the job to stop
jobs/<id>/           its own copies of files; removed when it has ended
"""

from __future__ import annotations

import errno
import os
import re
import secrets
import shutil
import subprocess
import time
from contextlib import suppress
from dataclasses import asdict, replace
from datetime import UTC, datetime
from importlib.util import find_spec
from pathlib import Path
from threading import Thread
from typing import Final

from classes.errors import (
    JobBusyError,
    JobEndedError,
    PipelineMissingError,
    ReloadFailedError,
    ReloadRefusedError,
    UnknownJobError,
)
from classes.jobs.job import RETRAINING, Job, JobKind, JobProgram
from config import PROJECT_ROOT, Config
from storage.file_lock import try_lock
from storage.json_file import read_json, write_json
from storage.snapshot_folder import SnapshotFolder

KEPT_JOBS: Final = 20
RETRY_AFTER_S: Final = 60
_LOCK: Final = "lock"
_ID: Final = re.compile(r"[0-9]{20}-[0-9a-f]{6}", re.ASCII)
_DIED: Final = (
    "The job's process ended unexpectedly, perhaps because memory ran out. "
    "What is served has not changed."
)


class JobFolder:
    """Starts, lists and cancels jobs; every process may have its own."""

    def __init__(self, config: Config, *programs: JobProgram) -> None:
        """Name the folder, which need not exist, and the program that runs jobs of each kind."""
        self._programs = {program.kind: program for program in programs}
        self._config = config
        self._root = SnapshotFolder(config.snapshot_path).jobs

    def start(self, kind: JobKind = RETRAINING) -> Job:
        """Start a job, in a process that outlives this one.

        Raises:
            ReloadRefusedError: The artifacts lie in a store, where jobs don't write.
            PipelineMissingError: The packages that it needs aren't installed.
            JobBusyError: Another job is running.
            ReloadFailedError: Its folder can't be written, or no process can be started.
        """
        program = self._programs[kind]
        if self._config.remotes:
            raise ReloadRefusedError(
                f"A {program.noun} writes to folders, but DATA_PATH, EMBEDDINGS_PATH or MODEL_PATH "
                f"is a URL. Do it where they are folders, and run `python -m processes.publish` "
                f"there."
            )
        missing = [name for name in program.packages if find_spec(name) is None]
        if missing:
            raise PipelineMissingError(
                f"A {program.noun} needs packages that aren't installed here "
                f"({', '.join(missing)}). Run `make setup-pipeline` and try again, or do it "
                f"elsewhere and POST /reload."
            )
        try:
            return self._start(program)
        except OSError as error:
            raise ReloadFailedError(
                f"The {program.noun} can't be started: {error}. What is served has not changed."
            ) from error

    def _start(self, program: JobProgram) -> Job:
        """Record a job, and start its process, which takes over the lock."""
        self._root.mkdir(parents=True, exist_ok=True)
        with try_lock(self._root / _LOCK) as lock:
            if lock is None:
                raise JobBusyError(
                    "Another job is running; one runs at a time. GET /jobs shows it.", RETRY_AFTER_S
                )
            now = time.time()
            job_id = self._new_id(now)
            said = f"Starting the {program.noun}."
            job = Job(job_id, "running", "starting", 0.0, said, now, kind=program.kind)
            self.write(job)
            self._forget_old()
            self._remove_debris()
            process = subprocess.Popen(
                [*program.command, job_id, str(lock)],
                cwd=PROJECT_ROOT,
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                pass_fds=(lock,),
                start_new_session=True,
                env=os.environ | self._config.as_environment(),
            )
        Thread(target=process.wait, daemon=True).start()  # else it stays a zombie
        return job

    def job(self, job_id: str) -> Job:
        """Read the state of a job; a job whose process was killed has failed.

        Raises:
            UnknownJobError: There is no job with that id.
        """
        job = self._read(job_id) if _ID.fullmatch(job_id) else None
        if job is None:
            raise UnknownJobError(
                f"There is no job {job_id!r}; GET /jobs lists the jobs that are kept."
            )
        if job.state == "running" and not self._is_running():
            job = self._read(job_id) or job  # it may just have ended
            if job.state == "running":
                ended_at = max(time.time(), job.created_at)
                job = replace(job, state="failed", message=_DIED, ended_at=ended_at)
                with suppress(OSError):  # a folder that can't be written can be read
                    self.write(job)
        return job

    def jobs(self) -> list[Job]:
        """List the jobs that are kept, newest first."""
        return [self.job(job_id) for job_id in sorted(self._ids(), reverse=True)]

    def cancel(self, job_id: str) -> Job:
        """Ask a job to stop, which it does within a second or two.

        Raises:
            UnknownJobError: There is no job with that id.
            JobEndedError: The job has ended.
        """
        job = self.job(job_id)
        if job.state != "running":
            raise JobEndedError(
                f"The job {job_id} is {job.state}; only a running job can be stopped."
            )
        self._cancel_path(job_id).touch()
        return job

    def is_cancelled(self, job_id: str) -> bool:
        """Return whether a job was asked to stop."""
        return self._cancel_path(job_id).exists()

    def forget_cancel(self, job_id: str) -> None:
        """Remove the request that a job stop."""
        self._cancel_path(job_id).unlink(missing_ok=True)

    def write(self, job: Job) -> None:
        """Replace the state of a job."""
        write_json(self._root / f"{job.id}.json", asdict(job))

    def staging(self, job_id: str) -> Path:
        """Return the folder of a job's own files."""
        return self._root / job_id

    def _cancel_path(self, job_id: str) -> Path:
        return self._root / f"{job_id}.cancel"

    def _new_id(self, now: float) -> str:
        """Name a job so that it sorts after all others, even if the clock was set back."""
        stamp = datetime.fromtimestamp(now, UTC).strftime("%Y%m%d%H%M%S%f")
        newest = max(self._ids(), default="0").partition("-")[0]
        return f"{max(int(stamp), int(newest) + 1):020d}-{secrets.token_hex(3)}"

    def _ids(self) -> list[str]:
        return [path.stem for path in self._root.glob("*.json") if _ID.fullmatch(path.stem)]

    def _read(self, job_id: str) -> Job | None:
        try:
            return Job(**read_json(self._root / f"{job_id}.json"))
        except FileNotFoundError:
            return None

    def _forget_old(self) -> None:
        for job_id in sorted(self._ids())[:-KEPT_JOBS]:
            (self._root / f"{job_id}.json").unlink(missing_ok=True)
            self._cancel_path(job_id).unlink(missing_ok=True)

    def _remove_debris(self) -> None:
        """Remove the files of jobs that were killed; only the holder of the lock may."""
        for path in self._root.iterdir():
            if path.is_dir():
                shutil.rmtree(path, ignore_errors=True)

    def _is_running(self) -> bool:
        try:
            with try_lock(self._root / _LOCK) as lock:
                return lock is None
        except OSError as error:
            if error.errno in (errno.EROFS, errno.EACCES):
                return False  # a job writes there
            raise
