"""GET /: a page for people with links to try, and the recommendations for one user."""

from __future__ import annotations

from typing import Final
from urllib.parse import urlencode

from flask import Flask, Response, render_template, request

from api.contract.endpoint import UNKNOWN_USER, Endpoint, SuccessResponse
from api.service import Service
from api.wsgi.responses import GENERATION_HEADER
from classes.snapshot import Snapshot

N_EXAMPLE_USERS: Final = 3

_HEADERS: Final = {
    # The page loads nothing, so names from the data can't make it fetch anything either.
    "Content-Security-Policy": "default-src 'none'; style-src 'unsafe-inline'; img-src data:; "
    "frame-ancestors 'none'",
}

_HOME: Final = Endpoint(
    method="GET",
    path="/",
    tag="pages",
    summary="A page for people, with links to click",
    response=SuccessResponse("The page.", media_type="text/html"),
)


def register(app: Flask, service: Service) -> None:
    """Add the route."""

    @_HOME.on(app)
    def home() -> Response:
        """Render the page."""
        _HOME.query()
        snapshot = service.store.current()
        users = snapshot.users.random(N_EXAMPLE_USERS) or [UNKNOWN_USER]
        page = render_template(
            "home.html",
            n_users=snapshot.data.n_users,
            n_items=snapshot.data.n_items,
            generation=snapshot.generation,
            base_url=request.host_url.rstrip("/"),
            examples=_examples(users),
            user=users[0],
            titles=_titles(snapshot, users[0]),
        )
        return Response(
            page, headers={**_HEADERS, GENERATION_HEADER: snapshot.generation}, mimetype="text/html"
        )


def _examples(users: list[str]) -> list[tuple[str, str]]:
    """List what each example shows, with its path and query."""
    one, several = users[0], [*users[1:], UNKNOWN_USER]
    return [
        ("Five items for a known user", f"/recommendations?{_users_query([one])}"),
        (
            "Reviewed items included",
            f"/recommendations?{_users_query([one])}&exclude_seen=false",
        ),
        ("Several users, one of them new", f"/recommendations?{_users_query(several)}"),
        ("Who is known?", f"/check_users?{_users_query([one, UNKNOWN_USER])}"),
        ("Users to try", "/random_users?n=5"),
    ]


def _users_query(users: list[str]) -> str:
    """Write a query for users: comma-separated, or repeated if a name contains a comma."""
    if not any("," in user for user in users):
        return urlencode({"users": ",".join(users)}, safe=",")
    # A second, empty `users` marks the first as a single name instead of a list.
    return urlencode([("users", user) for user in users] + [("users", "")] * (len(users) == 1))


def _titles(snapshot: Snapshot, user: str) -> list[str]:
    return [snapshot.data.title(item) for item in snapshot.recommender.recommend([user])[user]]
