"""GET /random_users and GET /check_users: which users are known."""

from __future__ import annotations

from urllib.parse import urlencode

from flask import Flask, Response

from api.contract.endpoint import (
    KNOWN_USER,
    UNKNOWN_USER,
    Endpoint,
    RequestExample,
    SuccessResponse,
)
from api.contract.parameters import Names, WholeNumber
from api.contract.schemas import NAMES, map_of
from api.service import Service
from api.wsgi.responses import json_response, to_json

_HOW_MANY = WholeNumber(
    name="n",
    meaning="The number of users, capped at MAX_USERS_PER_REQUEST and at all known users.",
    default=1,
    low=1,
    example=3,
)

_RANDOM_USERS = Endpoint(
    method="GET",
    path="/random_users",
    tag="users",
    summary="Known users, drawn at random without repetition",
    response=SuccessResponse("Their names.", NAMES),
    parameters=(_HOW_MANY,),
    examples=(RequestExample("three", "Three users to try", "/random_users?n=3"),),
)


def register(app: Flask, service: Service) -> None:
    """Add both routes."""

    @_RANDOM_USERS.on(app)
    def random_users() -> Response:
        """Draw known users at random, without repetition."""
        n_users = _RANDOM_USERS.query().read(_HOW_MANY)
        snapshot = service.store.current()
        drawn = snapshot.users.random(min(n_users, service.config.max_users_per_request))
        return json_response(to_json(drawn), snapshot.generation)

    users = users_parameter(service.config.max_users_per_request, required=True)
    endpoint = _check_users_endpoint(users)

    @endpoint.on(app)
    def check_users() -> Response:
        """Check whether users are known."""
        names = endpoint.query().read(users)
        snapshot = service.store.current()
        known = {user: snapshot.users.find(user) is not None for user in names}
        return json_response(to_json(known), snapshot.generation)


def _check_users_endpoint(users: Names) -> Endpoint:
    return Endpoint(
        method="GET",
        path="/check_users",
        tag="users",
        summary="Whether users are known",
        description="A name that isn't found as sent is cleaned like the data and looked up again.",
        response=SuccessResponse("Whether each user is known.", map_of({"type": "boolean"})),
        parameters=(users,),
        examples=(
            RequestExample(
                "both",
                "A known user and an unknown one",
                f"/check_users?{urlencode({'users': f'{KNOWN_USER},{UNKNOWN_USER}'}, safe=',')}",
            ),
        ),
    )


def users_parameter(most: int, *, required: bool) -> Names:
    """Describe the parameter that names users, at most `most`."""
    return Names(
        name="users",
        meaning=(
            "Names of users. A single value is a comma-separated list; repeated values are one "
            "name each, which allows names that contain a comma."
        ),
        default=[],
        required=required,
        suggested=True,
        most=most,
        nouns="users",
        example=[KNOWN_USER, UNKNOWN_USER],
    )
