"""GET /random_users and GET /check_users: who is known."""

from __future__ import annotations

from flask import Flask, Response, request

from api.answers import json_answer, to_json
from api.parameters import parse_query, parse_users, parse_whole_number
from classes.snapshot_store import SnapshotStore
from config import Config


def register(app: Flask, store: SnapshotStore, config: Config) -> None:
    """Add both routes."""

    @app.get("/random_users")
    def random_users() -> Response:
        """Draw distinct known users.

        Params: `n`, at least 1 (the default). 200: `["user", …]`, at most all known users
        and MAX_USERS_PER_REQUEST. 400: a wrong `n`. 503: nothing is loaded.
        """
        query = parse_query(request.query_string.decode("latin-1"), ("n",))
        n_users = parse_whole_number(query, "n", default=1, low=1)
        snapshot = store.current()
        drawn = snapshot.data.random_users(min(n_users, config.max_users_per_request))
        answer = json_answer(to_json(drawn), snapshot.generation)
        answer.headers["Cache-Control"] = "no-store"  # another draw is another answer
        return answer

    @app.get("/check_users")
    def check_users() -> Response:
        """Say of each user whether it is known.

        Params: `users`, one or several. 200: `{"user": true, …}`. 400: nobody or too many
        users. 414: a query too long. 503: nothing is loaded.
        """
        query = parse_query(request.query_string.decode("latin-1"), ("users",))
        users = parse_users(query, config.max_users_per_request)
        snapshot = store.current()
        known = {user: snapshot.data.user_row(user) is not None for user in users}
        return json_answer(to_json(known), snapshot.generation)
