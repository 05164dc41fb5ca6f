"""The service with two endpoints that do nothing, as a measure for the others.

`python -m benchmarks.http.noop_server [--without-lists]` serves like `python app.py`. `/no-op` is an
endpoint of the application, handled by Flask; `/bare` is answered in front of everything
that the project adds to the server, so nothing served here can be faster.
"""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterable
from functools import partial
from typing import TYPE_CHECKING

from flask import Flask, Response

import app
import server
from config import Config
from processes.start_build import open_store
from processes.top_list_keeper import TopListKeeper
from storage.run_folder import RunFolder

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

BODY = b"{}\n"


class Bare:
    """Answers one path, and passes all others on to the application."""

    def __init__(self, wsgi_app: WSGIApplication) -> None:
        """Wrap a WSGI application."""
        self._app = wsgi_app

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request (PEP 3333)."""
        if environ["PATH_INFO"] != "/bare":
            return self._app(environ, start_response)
        headers = [("Content-Type", "application/json"), ("Content-Length", str(len(BODY)))]
        start_response("200 OK", headers)
        return [BODY]


def create_app(config: Config) -> Flask:
    """Make the application of the service, with the two endpoints."""
    application = app.create_app(config)
    application.add_url_rule(
        "/no-op", "no_op", lambda: Response(BODY, mimetype="application/json"), methods=["GET"]
    )
    application.wsgi_app = Bare(application.wsgi_app)  # type: ignore[method-assign]
    return application


def main() -> int:
    """Serve until a signal, and return the exit status."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--without-lists", action="store_true")
    without_lists = parser.parse_args().without_lists
    config = Config.from_environment()
    server.configure_logging(config)
    run = RunFolder(config.run_path)
    run.begin()
    open_store(config).ensure(server.say)
    companions = () if without_lists else (TopListKeeper(config),)
    return server.serve(config, partial(create_app, config), companions, run.drain)


if __name__ == "__main__":
    sys.exit(main())
