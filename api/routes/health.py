"""GET /health/live and /health/ready: probes for orchestrators and load balancers."""

from __future__ import annotations

import time
from threading import Lock
from typing import Any, Final

from flask import Flask, Response

from api.contract.endpoint import ALWAYS, WITH_SNAPSHOT, Endpoint, SuccessResponse
from api.contract.openapi import VERSION
from api.contract.schemas import COUNT, NAME, or_null, record
from api.routes.docs import MODEL_CARD_PATH
from api.service import Service
from api.wsgi.problems import ProblemError
from api.wsgi.responses import json_response, to_json, utc
from classes.publication.store_state import StoreState, StoreStateFile
from classes.snapshot import Snapshot
from storage.run_folder import RunFolder

LIVE_PATH: Final = "/health/live"
READY_PATH: Final = "/health/ready"

_NUMBER: Final = {"type": "number"}
_FLAG: Final = {"type": "boolean"}

_LIVE: Final = Endpoint(
    method="GET",
    path=LIVE_PATH,
    tag="operations",
    summary="Whether the process responds",
    response=SuccessResponse(
        "The process responds.", record(status={"type": "string", "const": "alive"})
    ),
    problems=ALWAYS,
)
_READY: Final = Endpoint(
    method="GET",
    path=READY_PATH,
    tag="operations",
    summary="Whether the service is ready for requests, and what it would answer them from",
    description="`slow_reason` is why Keras has to score, or null if the fast engine does. "
    "`top_lists` is the share of users whose list is precomputed. `store` is null unless machines "
    "share an object store; while it can't be reached, the service is ready all the same, and "
    "`behind` is whether it is known to have another generation. `model_card` is the path of the "
    "model's card, null where it has none.",
    response=SuccessResponse(
        "A snapshot is loaded and has recommendations for known and unknown users.",
        record(
            status={"type": "string", "const": "ready"},
            version=NAME,
            uptime_s=_NUMBER,
            generation=NAME,
            built_at=or_null(NAME),
            data_read_at=or_null(NAME),
            data_age_s=or_null(_NUMBER),
            engine=NAME,
            slow_reason=or_null(NAME),
            users=COUNT,
            items=COUNT,
            top_lists={"type": "number", "minimum": 0, "maximum": 1},
            store=or_null(record(reachable=_FLAG, since=NAME, behind=_FLAG)),
            model_card=or_null(NAME),
        ),
    ),
    problems=WITH_SNAPSHOT | {503: "No sound snapshot is loaded, or the service is about to stop."},
)


def register(app: Flask, service: Service) -> None:
    """Add both routes."""
    run_folder = RunFolder(service.config.run_path)
    store_state = StoreStateFile(service.config.run_path)
    check = SelfCheck()

    @_LIVE.on(app)
    def live() -> Response:
        """Respond that the process is alive."""
        _LIVE.query()
        return json_response(to_json({"status": "alive"}))

    @_READY.on(app)
    def ready() -> Response:
        """Check and describe the current snapshot."""
        _READY.query()
        if run_folder.is_draining():
            raise ProblemError(503, "The service is about to stop; send requests elsewhere.")
        snapshot = service.store.current()
        check.require(snapshot)
        body = _described(snapshot, run_folder.started_at())
        body["store"] = _store(store_state.read() if service.config.snapshot_url else None)
        body["model_card"] = MODEL_CARD_PATH if service.cards.has_card(snapshot) else None
        return json_response(to_json(body), snapshot.generation)


class SelfCheck:
    """Recommends to a known user and an unknown one, once for each snapshot in this process."""

    def __init__(self) -> None:
        """Start without a checked snapshot."""
        self._checking = Lock()
        self._checked: tuple[str, str] = ("", "")

    def require(self, snapshot: Snapshot) -> None:
        """Refuse a snapshot that has no recommendations.

        Raises:
            ProblemError: 503 with the reason.
        """
        with self._checking:
            if self._checked[0] != snapshot.generation:
                self._checked = (snapshot.generation, _fault(snapshot))
            fault = self._checked[1]
        if fault:
            raise ProblemError(503, f"The snapshot {snapshot.generation} isn't sound: {fault}.")


def _fault(snapshot: Snapshot) -> str:
    """Return what is wrong with a snapshot; empty if it is sound."""
    try:
        cold_start_user = snapshot.data.cold_start.order[:1]
        known = snapshot.model.top_k([0], 1, [snapshot.data.no_items])[0].rows
    except Exception as error:  # noqa: BLE001 - every request would meet the same error
        return f"scoring fails with {type(error).__name__}: {error}"
    if not len(cold_start_user) or not len(known):
        return "it has no item to recommend"
    return ""


def _store(state: StoreState | None) -> dict[str, Any] | None:
    """Describe the store that machines share; None if there is none, or none was looked at yet."""
    if state is None:
        return None
    return {"reachable": state.reachable, "since": utc(state.since), "behind": state.behind}


def _described(snapshot: Snapshot, started_at: float) -> dict[str, Any]:
    now, about = time.time(), snapshot.manifest
    built_at, data_read_at = about.get("built_at"), about.get("data_read_at")
    return {
        "status": "ready",
        "version": VERSION,
        "uptime_s": round(max(0.0, now - started_at), 1),
        "generation": snapshot.generation,
        "built_at": None if built_at is None else utc(built_at),
        "data_read_at": None if data_read_at is None else utc(data_read_at),
        "data_age_s": None if data_read_at is None else round(max(0.0, now - data_read_at), 1),
        "engine": snapshot.model.describe(),
        "slow_reason": snapshot.model.slow_reason,
        "users": snapshot.data.n_users,
        "items": snapshot.data.n_items,
        "top_lists": round(snapshot.recommender.progress, 4),
    }
