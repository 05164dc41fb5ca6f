"""GET /recommendations: the five items for each user asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Response, request

from api.answers import GENERATION_HEADER, json_answer, to_json
from api.parameters import parse_flag, parse_query, parse_users
from classes.snapshot_store import SnapshotStore
from config import Config

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH: Final = "/recommendations"
N_ITEMS: Final = 5

Recommend = Callable[[str], tuple[bytes, str]]
"""From a raw query string to the JSON body and the generation it was made from."""


def register(app: Flask, store: SnapshotStore, config: Config) -> None:
    """Add the route, and the short way to it."""
    recommend = _recommend_with(store, config.max_users_per_request)

    @app.get(PATH)
    def recommendations() -> Response:
        """Recommend items.

        Params: `users`, one or several; `exclude_seen`, true (the default) or false.
        200: `{"user": ["item", … 5], …}`. 400: nobody or too many users, a wrong
        parameter. 414: a query too long. 503: nothing is loaded.
        """
        return json_answer(*recommend(request.query_string.decode("latin-1")))

    app.wsgi_app = ShortWay(app.wsgi_app, recommend)  # type: ignore[method-assign]


def _recommend_with(store: SnapshotStore, most_users: int) -> Recommend:
    def recommend(query_string: str) -> tuple[bytes, str]:
        query = parse_query(query_string, ("users", "exclude_seen"))
        users = parse_users(query, most_users)
        exclude_seen = parse_flag(query, "exclude_seen", default=True)
        snapshot = store.current()
        items = snapshot.recommend(users, N_ITEMS, exclude_seen=exclude_seen)
        return to_json(items), snapshot.generation

    return recommend


class ShortWay:
    """Answers good requests for recommendations without Flask's request machinery.

    The machinery (contexts, signals, routing, response objects) costs several times what
    the answer itself does once a user's list is known. The body comes from the same
    function as the route's; anything but a 200 is left to the route, which runs again.
    """

    def __init__(self, app: WSGIApplication, recommend: Recommend) -> None:
        """Stand in front of `app`."""
        self._app = app
        self._recommend = recommend

    def __call__(self, environ: WSGIEnvironment, start_response: StartResponse) -> Iterable[bytes]:
        """Serve one request (PEP 3333)."""
        if environ["PATH_INFO"] != PATH or environ["REQUEST_METHOD"] != "GET":
            return self._app(environ, start_response)
        try:
            body, generation = self._recommend(environ.get("QUERY_STRING", ""))
        except Exception:  # noqa: BLE001 - whatever it is, the route meets it again and answers it
            return self._app(environ, start_response)
        headers: list[tuple[str, Any]] = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            (GENERATION_HEADER, generation),
        ]
        start_response("200 OK", headers)
        return [body]
