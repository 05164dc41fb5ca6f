"""The service: `python app.py` with its own server, `create_app()` for any WSGI server."""

from __future__ import annotations

import os
import signal
import sys
from collections.abc import Callable
from functools import partial
from typing import Final

from flask import Flask, Response

from api.asgi.body import BodyReader
from api.asgi.gateway import Gateway
from api.asgi.listening import close_stuck_connections
from api.asgi.quick_requests import QuickRequests
from api.asgi.sender import ResponseSender
from api.asgi.threads import RequestThreads
from api.contract.request_values import MAX_EMPTY_BODY_BYTES
from api.routes import (
    console,
    docs,
    explain,
    health,
    home,
    items,
    metrics,
    recommendations,
    reload,
    rules,
    shelves,
    user_history,
    users,
)
from api.routes import events as events_routes
from api.routes import jobs as jobs_routes
from api.service import Service
from api.wsgi import middleware, problems
from classes.errors import ServiceError
from classes.jobs.folder import JobFolder
from classes.model_card.files import ModelCards
from classes.service_counters import ServiceCounters
from classes.snapshot_store import SnapshotStore
from config import Config, ConfigError
from log_setup import LogRotation
from processes.event_follower import EventFollower
from processes.event_keeper import EventKeeper
from processes.jobs.refresh import REFRESH
from processes.jobs.retrain import RETRAINING
from processes.rules_follower import RulesFollower
from processes.snapshot_keeper import SnapshotKeeper
from processes.start_build import open_store
from processes.store_follower import StoreFollower
from processes.top_list_keeper import TopListKeeper
from scoring.compiled_search import prepare_search
from server.announcements import announcer, say
from server.preparation import (
    ServerError,
    check_address,
    configure_logging,
    raise_file_limit,
)
from server.serving import Companion, serve
from storage.events.configured import open_events
from storage.events.event import EventStoreError
from storage.run_folder import RunFolder, is_shared
from storage.shared_table import SharedTable

CANNOT_START: Final = 2
RESOURCES: Final = (
    home,
    recommendations,
    explain,
    items,
    shelves,
    users,
    user_history,
    events_routes,
    reload,
    rules,
    jobs_routes,
    health,
    metrics,
    docs,
    console,
)
"""In the order in which the documentation shows them."""


class _Application(Flask):
    """Flask, except for one response that it would label as HTML."""

    def make_default_options_response(self) -> Response:
        """Answer OPTIONS with only the Allow header."""
        response = Response(status=204, headers=super().make_default_options_response().headers)
        del response.headers["Content-Type"]
        return response


def create_app(
    config: Config | None = None, store: SnapshotStore | None = None, jobs: JobFolder | None = None
) -> Flask:
    """Build the application; no snapshot is opened before the first request.

    The server configures logging: under a server other than ours, warnings and errors go
    where that one sends them.

    Args:
        config: The settings; read from the environment by default.
        store: The snapshots; by default those in the folder that the settings name.
        jobs: Retrainings and refreshes; by default those in the folder that the settings name.
    """
    config = config or Config.from_environment()
    store = store or open_store(config, ServiceCounters(config.run_path))
    jobs = jobs or JobFolder(config, RETRAINING, REFRESH)
    service = Service(config, store, jobs, ModelCards(config))
    prepare_search(config.snapshot_path)
    app = _Application("api", static_folder=None)
    app.config["MAX_CONTENT_LENGTH"] = MAX_EMPTY_BODY_BYTES
    app.url_map.merge_slashes = False  # would answer //path with an HTML redirect
    problems.register(app)
    for resource in RESOURCES:
        resource.register(app, service)
    middleware.register(app, store.counters, config)
    store.counters.count_start()
    return app


def create_asgi_app(on_startup: Callable[[], None], config: Config) -> Gateway:
    """Build the application for the server, which calls `on_startup` when its loop starts."""
    store = open_store(config, ServiceCounters(config.run_path))
    return gateway(create_app(config, store), store, config, on_startup)


def gateway(
    app: Flask, store: SnapshotStore, config: Config, on_startup: Callable[[], None]
) -> Gateway:
    """Put the event loop in front of an application."""

    def begin() -> None:
        on_startup()
        close_stuck_connections(config.body_timeout_s)

    return Gateway(
        app,
        QuickRequests(store),
        RequestThreads(config.threads_per_worker, _turn_of_large_requests(config)),
        BodyReader(max(config.max_body_bytes, MAX_EMPTY_BODY_BYTES), config.body_timeout_s),
        ResponseSender(config.body_timeout_s),
        begin,
    )


def _turn_of_large_requests(config: Config) -> SharedTable:
    """Choose the lock that this worker shares with others, so that half of them stay free."""
    path = config.run_path / f"large_requests_{os.getpid() % max(1, config.workers // 2)}"
    try:
        return SharedTable(1, path if is_shared(config.run_path) else None)
    except OSError:  # the disk is full
        return SharedTable(1, None)


def main() -> int:
    """Publish a snapshot if there is none, serve it, and return the exit status."""
    signal.signal(signal.SIGTERM, signal.default_int_handler)  # until the server takes over
    try:
        config = Config.from_environment()
        check_address(config)
        raise_file_limit()
        configure_logging(config)
        run = RunFolder(config.run_path)
        _begin(run, config)
        open_store(config).ensure(announcer(config))
        _begin_events(config)
    except (ConfigError, ServiceError, ServerError) as error:
        say(str(error))
        return CANNOT_START
    except KeyboardInterrupt:
        return 0
    companions: list[Companion] = [
        TopListKeeper(config),
        SnapshotKeeper(config),
        LogRotation(config),
        EventKeeper(config),
    ]
    if config.snapshot_url:
        companions += [StoreFollower(config), RulesFollower(config)]
    if config.events_url:
        companions.append(EventFollower(config))
    return serve(config, partial(create_asgi_app, config=config), companions, run.drain)


def _begin(run: RunFolder, config: Config) -> None:
    """Create the folder that workers share; a published snapshot can be served without it."""
    try:
        run.begin()
    except OSError as error:
        say(
            f"Each worker counts its own requests, since {config.run_path} can't be created: {error}."
        )


def _begin_events(config: Config) -> None:
    """Make the store of events; without it, everything but `POST /events` is answered."""
    try:
        open_events(config).begin()
    except EventStoreError as error:
        say(f"No events are taken until this is mended: {error}")


if __name__ == "__main__":
    sys.exit(main())
