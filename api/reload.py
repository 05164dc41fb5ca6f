"""POST /reload_data, /reload_model, /reload and /rollback: which generation is served."""

from __future__ import annotations

import logging
import time
from collections.abc import Callable
from typing import Any

from flask import Flask, Response, request

from api.access import require_operator
from api.answers import json_answer, to_json
from api.parameters import parse_query, refuse_body
from classes.snapshot import Snapshot
from classes.snapshot_store import SnapshotStore
from config import Config

logger = logging.getLogger(__name__)


def register(app: Flask, store: SnapshotStore, config: Config) -> None:
    """Add the four routes; the answers of the first two are fixed, the others say more."""

    def change(what: str, act: Callable[[], Snapshot]) -> Snapshot:
        require_operator(request, config.admin_token)
        parse_query(request.query_string.decode("latin-1"), ())
        refuse_body(request)
        return _timed(what, act)

    @app.post("/reload_data")
    def reload_data() -> Response:
        """Load data files beside the model in use, and serve them once they are checked.

        200: the new data is served by every worker. 401, 403: not allowed. 409: another
        reload is running (Retry-After says when to try again), or the data doesn't fit
        the model. 422: a file is unreadable. 503: no room or time; nothing changed.
        """
        return _done(change("data", lambda: store.reload(data=True, model=False)), "Data reloaded")

    @app.post("/reload_model")
    def reload_model() -> Response:
        """Load the model file beside the data in use; statuses as for /reload_data."""
        snapshot = change("model", lambda: store.reload(data=False, model=True))
        return _done(snapshot, "Model reloaded")

    @app.post("/reload")
    def reload_both() -> Response:
        """Load data and model together, where each fits only the other; statuses as above."""
        snapshot = change("data and model", lambda: store.reload(data=True, model=True))
        return _done(snapshot, "Data and model reloaded", generation=snapshot.generation)

    @app.post("/rollback")
    def rollback() -> Response:
        """Go back to the generation before this one. 409: there is none."""
        snapshot = change("earlier generation", store.rollback)
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
