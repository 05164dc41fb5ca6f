"""GET /jobs, GET and DELETE /jobs/{job}: what runs beside the service, and its end."""

from __future__ import annotations

from typing import Any, Final

from flask import Flask, Response, request

from api.contract.endpoint import ALWAYS, Answer, Endpoint
from api.contract.parameters import Text
from api.contract.request_values import refuse_body
from api.contract.schemas import list_of, reference
from api.service import Service
from api.wsgi.auth import require_operator
from api.wsgi.responses import to_json, utc
from classes.job_folder import Job

JOB: Final = Text(
    name="job",
    meaning="Name of the job, as the answer that started it has it.",
    example="20180111093000250000-5f2c1a",
)
STARTED: Final = Answer(
    "Training has begun; Location leads to the job.", reference("Job"), status=202
)

_OPERATORS: Final = {
    401: "The bearer token is missing or wrong.",
    403: "No token is set, and the request isn't from the service's own machine.",
    414: "The query is too long.",
}
_UNKNOWN: Final = {404: "There is no job of this name, or it is among the forgotten ones."}

_LIST: Final = Endpoint(
    method="GET",
    path="/jobs",
    tag="operations",
    summary="The jobs, the latest first",
    description="The last twenty are kept.",
    answer=Answer("Their states.", list_of(reference("Job"))),
    problems=ALWAYS | _OPERATORS,
    for_operators=True,
)
_SHOW: Final = Endpoint(
    method="GET",
    path="/jobs/<job>",
    tag="operations",
    summary="How a job is getting on",
    answer=Answer("Its state.", reference("Job")),
    problems=ALWAYS | _OPERATORS | _UNKNOWN,
    path_parameters=(JOB,),
    for_operators=True,
)
_CANCEL: Final = Endpoint(
    method="DELETE",
    path="/jobs/<job>",
    tag="operations",
    summary="Stop a job",
    description="What is served doesn't change. The job ends within seconds, as `cancelled`.",
    answer=Answer("It was asked to stop.", reference("Job"), status=202),
    problems=ALWAYS
    | _OPERATORS
    | _UNKNOWN
    | {
        409: "It has ended already.",
        413: "A body came that is too large; none is needed.",
        415: "A body came that isn't JSON; none is needed.",
    },
    path_parameters=(JOB,),
    for_operators=True,
)


def register(app: Flask, service: Service) -> None:
    """Add the three routes."""
    folder = service.jobs

    @_LIST.on(app)
    def jobs() -> Response:
        """List them."""
        require_operator(request, service.config.admin_token)
        _LIST.query()
        return _answer([described(job) for job in folder.jobs()])

    @_SHOW.on(app)
    def job_state(job: str) -> Response:
        """Show one."""
        require_operator(request, service.config.admin_token)
        _SHOW.query()
        return _answer(described(folder.job(job)))

    @_CANCEL.on(app)
    def cancel_job(job: str) -> Response:
        """Ask one to stop."""
        require_operator(request, service.config.admin_token)
        _CANCEL.query()
        refuse_body(request)
        return _answer(described(folder.cancel(job)), 202)


def started_answer(job: Job) -> Response:
    """Tell where to look after a job that was just started."""
    answer = _answer(described(job), 202)
    answer.headers["Location"] = f"/jobs/{job.id}"
    return answer


def described(job: Job) -> dict[str, Any]:
    """Put a job into the form of the schema "Job"."""
    return {
        "id": job.id,
        "state": job.state,
        "stage": job.stage,
        "progress": job.progress,
        "message": job.message,
        "created_at": utc(job.created_at),
        "ended_at": None if job.ended_at is None else utc(job.ended_at),
        "generation": job.generation,
    }


def _answer(body: Any, status: int = 200) -> Response:
    return Response(to_json(body), status, mimetype="application/json")
