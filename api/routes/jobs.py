"""GET /jobs, GET and DELETE /jobs/{job}: list, show and cancel retrainings and refreshes."""

from __future__ import annotations

from typing import Any, Final

from flask import Flask, Response, request

from api.contract.endpoint import FOR_OPERATORS, WITHOUT_BODY, Endpoint, SuccessResponse
from api.contract.parameters import Text
from api.contract.request_values import refuse_body
from api.contract.schemas import list_of, reference
from api.service import Service
from api.wsgi.auth import require_operator
from api.wsgi.responses import json_response, to_json, utc
from classes.jobs.job import Job

JOB: Final = Text(
    name="job",
    meaning="The job's id, from the response that started it.",
    example="20180111093000250000-5f2c1a",
)
STARTED: Final = SuccessResponse(
    "The job has started; Location is its path.", reference("Job"), status=202
)
_UNKNOWN: Final = {404: "There is no job with this id, or it is no longer kept."}

_LIST: Final = Endpoint(
    method="GET",
    path="/jobs",
    tag="operations",
    summary="Retrainings and refreshes, newest first",
    description="The last twenty are kept.",
    response=SuccessResponse("The jobs.", list_of(reference("Job"))),
    problems=FOR_OPERATORS,
    for_operators=True,
)
_SHOW: Final = Endpoint(
    method="GET",
    path="/jobs/<job>",
    tag="operations",
    summary="The state of a job",
    response=SuccessResponse("The job.", reference("Job")),
    problems=FOR_OPERATORS | _UNKNOWN,
    path_parameters=(JOB,),
    for_operators=True,
)
_CANCEL: Final = Endpoint(
    method="DELETE",
    path="/jobs/<job>",
    tag="operations",
    summary="Cancel a job",
    description="The job ends as `cancelled` within seconds, and nothing changes.",
    response=SuccessResponse("The job is being cancelled.", reference("Job"), status=202),
    problems=FOR_OPERATORS | WITHOUT_BODY | _UNKNOWN | {409: "The job has already ended."},
    path_parameters=(JOB,),
    for_operators=True,
)


def register(app: Flask, service: Service) -> None:
    """Add the three routes."""
    folder = service.jobs

    @_LIST.on(app)
    def jobs() -> Response:
        """List jobs, newest first."""
        require_operator(request, service.config.admin_token)
        _LIST.query()
        return json_response(to_json([_described(job) for job in folder.jobs()]))

    @_SHOW.on(app)
    def job_state(job: str) -> Response:
        """Return the state of a job."""
        require_operator(request, service.config.admin_token)
        _SHOW.query()
        return json_response(to_json(_described(folder.job(job))))

    @_CANCEL.on(app)
    def cancel_job(job: str) -> Response:
        """Cancel a job."""
        require_operator(request, service.config.admin_token)
        _CANCEL.query()
        refuse_body(request)
        return json_response(to_json(_described(folder.cancel(job))), status=202)


def started_response(job: Job) -> Response:
    """Build the response to a request that started a job."""
    response = json_response(to_json(_described(job)), status=202)
    response.headers["Location"] = f"/jobs/{job.id}"
    return response


def _described(job: Job) -> dict[str, Any]:
    """Describe a job by the schema "Job"."""
    return {
        "id": job.id,
        "kind": job.kind,
        "state": job.state,
        "stage": job.stage,
        "progress": job.progress,
        "message": job.message,
        "created_at": utc(job.created_at),
        "ended_at": None if job.ended_at is None else utc(job.ended_at),
        "generation": job.generation,
    }
