"""GET /random_users and GET /check_users: who is known."""

from __future__ import annotations

from flask import Flask, Response

from api.contract.endpoint import Answer, Endpoint, Example
from api.contract.parameters import Names, WholeNumber
from api.contract.schemas import NAMES, map_of
from api.service import Service
from api.wsgi.responses import json_answer, to_json

_HOW_MANY = WholeNumber(
    name="n",
    meaning="How many; at most all known users and MAX_USERS_PER_REQUEST come back.",
    default=1,
    low=1,
    example=3,
)

_RANDOM_USERS = Endpoint(
    method="GET",
    path="/random_users",
    tag="users",
    summary="Distinct known users, drawn at random",
    answer=Answer("Their names.", NAMES),
    parameters=(_HOW_MANY,),
    examples=(Example("three", "Three users to try", "/random_users?n=3"),),
)


def register(app: Flask, service: Service) -> None:
    """Add both routes."""

    @_RANDOM_USERS.on(app)
    def random_users() -> Response:
        """Draw distinct known users."""
        n_users = _RANDOM_USERS.query().read(_HOW_MANY)
        snapshot = service.store.current()
        drawn = snapshot.data.random_users(min(n_users, service.config.max_users_per_request))
        return json_answer(to_json(drawn), snapshot.generation)

    users = users_parameter(service.config.max_users_per_request, required=True)
    endpoint = Endpoint(
        method="GET",
        path="/check_users",
        tag="users",
        summary="Whether users are known",
        description="A name not found as written is looked up by the cleaning rule.",
        answer=Answer("For each user, whether it is known.", map_of({"type": "boolean"})),
        parameters=(users,),
        examples=(
            Example(
                "both", "A known user and a new one", "/check_users?users=Steven+Novak,somebody+new"
            ),
        ),
    )

    @endpoint.on(app)
    def check_users() -> Response:
        """Say of each user whether it is known."""
        names = endpoint.query().read(users)
        snapshot = service.store.current()
        known = {user: snapshot.data.user_row(user) is not None for user in names}
        return json_answer(to_json(known), snapshot.generation)


def users_parameter(most: int, *, required: bool) -> Names:
    """Describe the users that a request asks for, at most `most`."""
    return Names(
        name="users",
        meaning=(
            "Names of users. One value may hold several, separated by commas; several values "
            "are one name each, so that a name with a comma can be asked for."
        ),
        default=[],
        required=required,
        suggested=True,
        most=most,
        nouns="users",
        example=["Steven Novak", "somebody new"],
    )
