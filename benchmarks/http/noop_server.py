"""The service with two endpoints that do nothing, as a measure for the others.

`python -m benchmarks.http.noop_server [--without-lists]` serves like `python app.py`. `/no-op` is an
endpoint of the application, handled by Flask; `/bare` is answered in front of everything
that the project adds to the server, so nothing served here can be faster.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Callable
from functools import partial

from flask import Response

import app
from api.asgi.body import Receive
from api.asgi.environ import Scope
from api.asgi.sender import Send
from classes.service_counters import ServiceCounters
from config import Config
from processes.start_build import open_store
from processes.top_list_keeper import TopListKeeper
from server.announcements import say
from server.preparation import configure_logging
from server.serving import serve
from server.worker import Application
from storage.run_folder import RunFolder

BODY = b"{}\n"
HEADERS = [(b"content-type", b"application/json")]


class Bare:
    """Answers one path in the event loop, and passes all others on to the service."""

    def __init__(self, application: Application) -> None:
        self._app = application

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Handle one request (ASGI 3.0)."""
        if scope.get("path") != "/bare":
            await self._app(scope, receive, send)
            return
        await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
        await send({"type": "http.response.body", "body": BODY})


def create_asgi_app(on_startup: Callable[[], None], config: Config) -> Bare:
    """Make the application of the service, with the two endpoints."""
    store = open_store(config, ServiceCounters(config.run_path))
    application = app.create_app(config, store)
    application.add_url_rule(
        "/no-op", "no_op", lambda: Response(BODY, mimetype="application/json"), methods=["GET"]
    )
    return Bare(app.gateway(application, store, config, on_startup))


def main() -> int:
    """Serve until a signal, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--without-lists", action="store_true")
    without_lists = parser.parse_args().without_lists
    config = Config.from_environment()
    configure_logging(config)
    run = RunFolder(config.run_path)
    run.begin()
    open_store(config).ensure(say)
    companions = () if without_lists else (TopListKeeper(config),)
    return serve(config, partial(create_asgi_app, config=config), companions, run.drain)


if __name__ == "__main__":
    sys.exit(main())
