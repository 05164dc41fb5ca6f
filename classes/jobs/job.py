"""A job that runs beside the service, as it is recorded, and what it runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final, Literal

JobState = Literal["running", "done", "failed", "cancelled"]
JobKind = Literal["retraining", "refresh"]
RETRAINING: Final[JobKind] = "retraining"


@dataclass(frozen=True)
class Job:
    """What is known of a job.

    Attributes:
        id: Name of the job; later names sort higher.
        state: Whether it runs, or how it ended.
        stage: What it is doing, or was doing when it ended.
        progress: 0 to 1, by stages.
        message: Its last message.
        created_at: Seconds since 1970.
        ended_at: Seconds since 1970; None while it runs.
        generation: The generation that it published; None unless it is done.
        kind: What it does.
    """

    id: str
    state: JobState
    stage: str
    progress: float
    message: str
    created_at: float
    ended_at: float | None = None
    generation: str | None = None
    kind: JobKind = RETRAINING


@dataclass(frozen=True)
class JobProgram:
    """What a job runs.

    Attributes:
        command: Called with the job's id and the descriptor of its lock as last arguments.
        packages: Packages it needs, which the serving set-up doesn't install.
        kind: What its jobs do.
        noun: What that is called in messages.
    """

    command: tuple[str, ...]
    packages: tuple[str, ...]
    kind: JobKind = RETRAINING
    noun: str = "training"
