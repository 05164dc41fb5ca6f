"""One stage of the pipeline as a job, from the files in place to a new generation.

The stage reads and writes in a folder of its own that links to the files in place; what it
writes replaces a link, never the file behind it. The result is built into a generation and
checked like any other, and only then copied to where the files belong and published. A
failure before that changes nothing.
"""

from __future__ import annotations

import logging
import os
import re
import shutil
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from threading import Thread
from typing import IO, Final, NamedTuple, TypeVar

import log_setup
from classes.errors import ReloadBusyError, ServiceError
from classes.jobs.folder import JobFolder
from classes.jobs.job import Job
from classes.service_counters import ServiceCounters
from config import PROJECT_ROOT, Config
from processes.jobs.stage_process import (
    STAGE_BEGINS,
    STAGE_ENDS,
    TERMINATE_TIMEOUT_S,
    end_process,
    ending,
    progress_in,
)
from processes.start_build import open_store
from storage.atomic import replace_all_by_copy
from storage.parquet.parts import SUFFIXES
from storage.run_folder import RunFolder

NICENESS: Final = 10
POLL_INTERVAL_S: Final = 0.5
PACKAGES: Final = ("rich", "scipy", "sklearn")
"""Some of the pipeline group, to find out whether it is installed."""
MESSAGE_CHARACTERS: Final = 500
T = TypeVar("T")
_CONTROL: Final = re.compile(r"\x1b\[[0-9;?]*[A-Za-z]")

logger = logging.getLogger(__name__)


class StoppedError(Exception):
    """The job was cancelled, or the service is stopping."""


class StageError(Exception):
    """The stage ended without a result; the message is its last line of output."""


class Work(NamedTuple):
    """What a job does.

    Attributes:
        stage: What the command is called in the job's state: "training".
        command: The stage of the pipeline.
        makes: The file without which it has made nothing, below its own folder.
        result: What that is: "a new model".
        done: What is said at the end: "The new model is served".
    """

    stage: str
    command: Sequence[str]
    makes: str
    result: str
    done: str


class PipelineJob:
    """Runs one job, and records its state after each step."""

    def __init__(self, config: Config, job: Job, lock: int, work: Work) -> None:
        """Take over a job whose lock this process holds."""
        self._config = config
        self._work = work
        self._folder = JobFolder(config)
        self._run_folder = RunFolder(config.run_path)
        self._job = job
        self._lock = lock
        self._counters = ServiceCounters(config.run_path)
        self._staging = self._folder.staging(job.id)

    def run(self) -> None:
        """Run the job; however it ends, its state records it."""
        try:
            staged = self._stage()
            self._run_stage(staged)
            generation = self._publish(staged)
        except StoppedError as reason:
            self._end(state="cancelled", message=str(reason))
        except (StageError, ServiceError) as reason:
            self._end(state="failed", message=str(reason))
        except Exception as error:
            logger.exception("the %s failed", self._work.stage)
            said = f"{type(error).__name__}: {error}. The log has the details."
            self._end(state="failed", message=said)
        else:
            message = f"{self._work.done}, in generation {generation}."
            self._end(state="done", progress=1.0, message=message, generation=generation)

    def _stage(self) -> Config:
        """Link the files in place into the job's own folders; return settings that name those."""
        self._tell(stage="preparing", progress=0.01)
        folders = {name: self._staging / name for name in ("data", "embeddings", "models")}
        config = self._config
        sources = (config.data_path, config.embeddings_path, config.model_path)
        for source, folder in zip(sources, folders.values(), strict=True):
            folder.mkdir(parents=True)
            for path in _files(source):
                (folder / path.name).symlink_to(path.resolve())
        data, embeddings, models = folders.values()
        return replace(config, data_path=data, embeddings_path=embeddings, model_path=models)

    def _run_stage(self, staged: Config) -> None:
        """Run the stage of the pipeline, which decides itself whether its result is good enough.

        Raises:
            StageError: It ended without a result.
            StoppedError: The job was asked to stop.
        """
        name, command, makes, result, _ = self._work
        self._tell(stage=name, progress=STAGE_BEGINS, message=f"The {name} has begun.")
        process = subprocess.Popen(
            command,
            cwd=PROJECT_ROOT,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            text=True,
            errors="replace",
            start_new_session=True,
            pass_fds=(self._lock,),  # should this process be killed, the job isn't over yet
            env=os.environ | staged.as_environment() | {"COLUMNS": "200"},
        )
        listener = Thread(target=self._listen, args=(process.stdout,), daemon=True)
        listener.start()
        try:
            while process.poll() is None:
                self._stop_if_asked()
                time.sleep(POLL_INTERVAL_S)
        finally:
            end_process(process)
            listener.join(TERMINATE_TIMEOUT_S)
        if process.returncode != 0:
            raise StageError(ending(name, process.returncode, self._job.message))
        if (self._staging / makes).is_symlink():
            raise StageError(f"The {name} ended without {result}; nothing has changed.")

    def _publish(self, staged: Config) -> str:
        """Build and check the generation, copy the files to their places, and serve it."""
        self._stop_if_asked()
        self._tell(stage="checking", progress=STAGE_ENDS, message="Checking the result.")
        store = open_store(self._config, self._counters)
        self._patiently(lambda: store.rehearse(staged, lambda step: self._tell(message=step)))
        self._stop_if_asked()
        self._tell(stage="publishing", progress=0.97)
        places = (self._config.data_path, self._config.embeddings_path, self._config.model_path)
        made = (staged.data_path, staged.embeddings_path, staged.model_path)
        copies: dict[Path, Path] = {}
        for folder, place in zip(made, places, strict=True):
            copies |= {place / path.name: path for path in _files(folder) if not path.is_symlink()}
        replace_all_by_copy(copies)
        return self._patiently(lambda: store.reload(data=True, model=True)).generation

    def _patiently(self, act: Callable[[], T]) -> T:
        """Wait while another reload is running, rather than lose the result."""
        while True:
            try:
                return act()
            except ReloadBusyError as busy:
                self._stop_if_asked()
                self._tell(message=f"{busy} Waiting for it.")
                time.sleep(busy.retry_after_s)

    def _listen(self, lines: IO[str]) -> None:
        """Make each line of the stage's output the job's message."""
        with lines:
            for line in lines:
                text = _CONTROL.sub("", line).strip()
                if text:
                    logger.info("%s: %s", self._work.stage, text)
                    progress = max(self._job.progress, progress_in(text))
                    self._tell(message=text[:MESSAGE_CHARACTERS], progress=progress)

    def _stop_if_asked(self) -> None:
        if self._folder.is_cancelled(self._job.id):
            raise StoppedError("Cancelled; nothing has changed.")
        if self._run_folder.is_draining():
            raise StoppedError("The service was stopped; nothing has changed.")

    def _tell(self, **changes: object) -> None:
        self._job = replace(self._job, **changes)  # type: ignore[arg-type]
        self._folder.write(self._job)

    def _end(self, **changes: object) -> None:
        shutil.rmtree(self._staging, ignore_errors=True)
        self._tell(ended_at=max(time.time(), self._job.created_at), **changes)
        os.close(self._lock)  # whoever reads that it has ended may start another
        self._folder.forget_cancel(self._job.id)
        self._counters.count_reload(self._job.kind, self._job.state)
        logger.info("job %s: %s, %s", self._job.id, self._job.state, self._job.message)


def _files(folder: Path) -> Iterator[Path]:
    """List the files and tables directly in a folder, without hidden ones."""
    visible = (path for path in folder.iterdir() if not path.name.startswith("."))
    return (path for path in visible if path.is_file() or path.suffix in SUFFIXES)


def _stop(*_: object) -> None:
    raise StoppedError("The service was stopped; nothing has changed.")


def run(job_id: str, lock: str, work: Work) -> None:
    """Run a job at low priority."""
    config = Config.from_environment()
    os.nice(NICENESS)
    log_setup.configure(config)
    signal.signal(signal.SIGTERM, _stop)
    PipelineJob(config, JobFolder(config).job(job_id), int(lock), work).run()
