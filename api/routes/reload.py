"""POST /reload_data, /reload_model, /reload and /rollback: which generation is served."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any, Final

from flask import Flask, Response, request

from api.contract.endpoint import ALWAYS, Answer, Endpoint
from api.contract.parameters import Flag
from api.contract.request_values import refuse_body
from api.contract.schemas import NAME, record
from api.routes.jobs import STARTED, started_answer
from api.service import Service
from api.wsgi.auth import require_operator
from api.wsgi.responses import json_answer, to_json
from classes.snapshot import Snapshot

logger = logging.getLogger(__name__)


_PROBLEMS: Final = ALWAYS | {
    401: "The bearer token is missing or wrong.",
    403: "No token is set, and the request isn't from the service's own machine.",
    409: "Another reload is running (Retry-After), or data and model don't fit each other.",
    413: "A body came that is too large; none is needed.",
    414: "The query is too long.",
    415: "A body came that isn't JSON; none is needed.",
    422: "A file is missing, unreadable or damaged; nothing has changed.",
    503: "There was no room or time to build it; nothing has changed.",
}
_RETRAIN: Final = Flag(
    name="retrain",
    meaning="Whether to train a new model first, as a job; the answer comes at once.",
    default=False,
)
_DONE: Final = Answer("It is served by every worker.", record(status=NAME))
_DONE_WITH_NAME: Final = Answer(_DONE.meaning, record(status=NAME, generation=NAME))


def _described(path: str, summary: str, answer: Answer, **more: Any) -> Endpoint:
    return Endpoint(
        method="POST",
        path=path,
        tag="operations",
        summary=summary,
        description="A new generation is served once it is checked; a failure changes nothing.",
        answer=answer,
        for_operators=True,
        **{"problems": _PROBLEMS, **more},
    )


_DATA: Final = _described("/reload_data", "Load new data files, keep the model", _DONE)
_MODEL: Final = _described(
    "/reload_model",
    "Load a new model file, keep the data; or train one",
    _DONE,
    also=(STARTED,),
    parameters=(_RETRAIN,),
    problems=_PROBLEMS | {501: "The packages that training needs aren't installed."},
)
_BOTH: Final = _described("/reload", "Load data and model together", _DONE_WITH_NAME)
_BACK: Final = _described("/rollback", "Go back to the generation before", _DONE_WITH_NAME)


def register(app: Flask, service: Service) -> None:
    """Add the four routes; the answers of the first two are fixed, the others say more."""
    store, jobs = service.store, service.jobs

    def change(endpoint: Endpoint, what: str, act: Callable[[], Snapshot]) -> Snapshot:
        require_operator(request, service.config.admin_token)
        endpoint.query()
        refuse_body(request)
        return _timed(what, act)

    @_DATA.on(app)
    def reload_data() -> Response:
        """Load data files beside the model in use."""
        snapshot = change(_DATA, "data", lambda: store.reload(data=True, model=False))
        return _done(snapshot, "Data reloaded")

    @_MODEL.on(app)
    def reload_model() -> Response:
        """Load the model file beside the data in use, or have a new one trained."""
        require_operator(request, service.config.admin_token)
        if _MODEL.query().read(_RETRAIN):
            refuse_body(request)
            return started_answer(jobs.start())
        snapshot = change(_MODEL, "model", lambda: store.reload(data=False, model=True))
        return _done(snapshot, "Model reloaded")

    @_BOTH.on(app)
    def reload_both() -> Response:
        """Load data and model together, where each fits only the other."""
        snapshot = change(_BOTH, "data and model", lambda: store.reload(data=True, model=True))
        return _done(snapshot, "Data and model reloaded", generation=snapshot.generation)

    @_BACK.on(app)
    def rollback() -> Response:
        """Go back to the generation before this one."""
        snapshot = change(_BACK, "earlier generation", store.rollback)
        return _done(snapshot, "Rolled back", generation=snapshot.generation)


def _timed(what: str, act: Callable[[], Snapshot]) -> Snapshot:
    """Do it and log what is served now, and how long it took."""
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
    return json_answer(to_json(body), snapshot.generation)
