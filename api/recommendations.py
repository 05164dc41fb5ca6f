"""GET /recommendations: the five items for each user asked for."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import TYPE_CHECKING, Any, Final

from flask import Flask, Response, request

from api.answers import GENERATION_HEADER, json_answer, to_json
from api.endpoint import Answer, Endpoint, Example
from api.front import ROUTE
from api.given import Query
from api.parameters import Flag, Names
from api.schemas import NAMES, map_of
from api.users import users_parameter
from classes.snapshot_store import SnapshotStore
from config import Config

if TYPE_CHECKING:
    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

PATH: Final = "/recommendations"
N_ITEMS: Final = 5

Recommend = Callable[[str], tuple[bytes, str]]
"""From a raw query string to the JSON body and the generation it was made from."""


_EXCLUDE_SEEN: Final = Flag(
    name="exclude_seen",
    meaning="Whether items that the user has already reviewed are left out.",
    default=True,
)


def _described(users: Names) -> Endpoint:
    known, both = "Steven+Novak", "Steven+Novak,somebody+new"
    return Endpoint(
        method="GET",
        path=PATH,
        tag="recommendations",
        summary="The five best items for each user",
        description="A user who isn't known gets what is popular now.",
        answer=Answer("For each user, item names, best first.", map_of(NAMES)),
        parameters=(users, _EXCLUDE_SEEN),
        examples=(
            Example("known", "Five items for a known user", f"{PATH}?users={known}"),
            Example("both", "A known user and a new one", f"{PATH}?users={both}"),
        ),
    )


def register(app: Flask, store: SnapshotStore, config: Config) -> None:
    """Add the route, and the short way to it."""
    users = users_parameter(config)
    endpoint = _described(users)
    recommend = _recommend_with(store, endpoint, users)

    @endpoint.on(app)
    def recommendations() -> Response:
        """Recommend items."""
        return json_answer(*recommend(request.query_string.decode("latin-1")))

    app.wsgi_app = ShortWay(app.wsgi_app, recommend)  # type: ignore[method-assign]


def _recommend_with(store: SnapshotStore, endpoint: Endpoint, users: Names) -> Recommend:
    def recommend(query_string: str) -> tuple[bytes, str]:
        query = Query(query_string, endpoint.parameters)
        names = query.read(users)
        exclude_seen = query.read(_EXCLUDE_SEEN)
        snapshot = store.current()
        items = snapshot.recommend(names, N_ITEMS, exclude_seen=exclude_seen)
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
        environ[ROUTE] = PATH
        headers: list[tuple[str, Any]] = [
            ("Content-Type", "application/json"),
            ("Content-Length", str(len(body))),
            (GENERATION_HEADER, generation),
        ]
        start_response("200 OK", headers)
        return [body]
