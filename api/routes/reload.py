"""POST /reload_data, /reload_model, /reload and /rollback: change the served generation."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, Final

from flask import Flask, Response, request

from api.contract.endpoint import FOR_OPERATORS, WITHOUT_BODY, Endpoint, SuccessResponse
from api.contract.parameters import Flag
from api.contract.request_values import refuse_body
from api.contract.schemas import NAME, record
from api.routes.jobs import STARTED, started_response
from api.service import Service
from api.wsgi.auth import require_operator
from api.wsgi.responses import json_response, to_json
from classes.snapshot import Snapshot

logger = logging.getLogger(__name__)

_PROBLEMS: Final = (
    FOR_OPERATORS
    | WITHOUT_BODY
    | {
        409: "Another reload is running (see Retry-After), or data and model don't match.",
        422: "A file is missing, unreadable or damaged; nothing has changed.",
        503: "The snapshot couldn't be built for lack of space or time; nothing has changed.",
    }
)
_RETRAIN: Final = Flag(
    name="retrain",
    meaning="Whether to train a new model first, as a job; the response doesn't wait for it.",
    default=False,
)
_REFRESH: Final = Flag(
    name="refresh",
    meaning="Whether to make similarities and item columns of the new data first, under the model "
    "in place, as a job; the response doesn't wait for it.",
    default=False,
)
_DONE: Final = SuccessResponse("Every worker serves the generation.", record(status=NAME))
_DONE_WITH_NAME: Final = SuccessResponse(_DONE.meaning, record(status=NAME, generation=NAME))


def _described(path: str, summary: str, response: SuccessResponse, **more: Any) -> Endpoint:
    return Endpoint(
        method="POST",
        path=path,
        tag="operations",
        summary=summary,
        description="A new generation is served once it has passed the checks; a failure changes nothing.",
        response=response,
        for_operators=True,
        **{"problems": _PROBLEMS, **more},
    )


_DATA: Final = _described(
    "/reload_data",
    "Load new data files and keep the model, or refresh what it reads",
    _DONE,
    other_responses=(STARTED,),
    parameters=(_REFRESH,),
    problems=_PROBLEMS | {501: "The packages that a refresh needs aren't installed."},
)
_MODEL: Final = _described(
    "/reload_model",
    "Load a new model file and keep the data, or train a model",
    _DONE,
    other_responses=(STARTED,),
    parameters=(_RETRAIN,),
    problems=_PROBLEMS | {501: "The packages that training needs aren't installed."},
)
_BOTH: Final = _described("/reload", "Load data and model together", _DONE_WITH_NAME)
_BACK: Final = _described("/rollback", "Go back to the previous generation", _DONE_WITH_NAME)


def register(app: Flask, service: Service) -> None:
    """Add the four routes; the first two keep their original responses, the others say more."""
    _register_parts(app, service)
    _register_whole(app, service)


def _register_parts(app: Flask, service: Service) -> None:
    store, jobs = service.store, service.jobs

    @_DATA.on(app)
    def reload_data() -> Response:
        """Load new data files and keep the model, or start to refresh what it reads."""
        require_operator(request, service.config.admin_token)
        if _DATA.query().read(_REFRESH):
            refuse_body(request)
            return started_response(jobs.start("refresh"))
        snapshot = _changed(service, _DATA, "data", lambda: store.reload(data=True, model=False))
        return _done(snapshot, "Data reloaded")

    @_MODEL.on(app)
    def reload_model() -> Response:
        """Load a new model file and keep the data, or start training a model."""
        require_operator(request, service.config.admin_token)
        if _MODEL.query().read(_RETRAIN):
            refuse_body(request)
            return started_response(jobs.start())
        snapshot = _changed(service, _MODEL, "model", lambda: store.reload(data=False, model=True))
        return _done(snapshot, "Model reloaded")


def _register_whole(app: Flask, service: Service) -> None:
    store = service.store

    @_BOTH.on(app)
    def reload_both() -> Response:
        """Load data and model that only match each other."""
        snapshot = _changed(
            service, _BOTH, "data and model", lambda: store.reload(data=True, model=True)
        )
        return _done(snapshot, "Data and model reloaded", generation=snapshot.generation)

    @_BACK.on(app)
    def rollback() -> Response:
        """Go back to the previous generation."""
        snapshot = _changed(service, _BACK, "earlier generation", store.rollback)
        return _done(snapshot, "Rolled back", generation=snapshot.generation)


def _changed(
    service: Service, endpoint: Endpoint, what: str, act: Callable[[], Snapshot]
) -> Snapshot:
    """Change the generation for an operator, and log which one is served now and how long it took."""
    require_operator(request, service.config.admin_token)
    endpoint.query()
    refuse_body(request)
    start = time.monotonic()
    snapshot = act()
    logger.info(
        "Loaded %s in %.1f s: generation %s, %d users, %d items",
        what,
        time.monotonic() - start,
        snapshot.generation,
        snapshot.data.n_users,
        snapshot.data.n_items,
    )
    return snapshot


def _done(snapshot: Snapshot, what: str, **more: Any) -> Response:
    body = {"status": f"{what} successfully.", **more}
    return json_response(to_json(body), snapshot.generation)
