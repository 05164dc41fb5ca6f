"""GET and DELETE /users/{user}: what a user has reviewed and done, and forgetting it."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import numpy as np
from flask import Flask, Response, request

from api.contract.endpoint import (
    FOR_OPERATORS,
    KNOWN_USER,
    WITH_SNAPSHOT,
    WITHOUT_BODY,
    Endpoint,
    RequestExample,
    SuccessResponse,
)
from api.contract.parameters import Text, WholeNumber
from api.contract.request_values import refuse_body
from api.contract.schemas import COUNT, NAME, record, reference
from api.routes.item_answers import described_item
from api.service import Service
from api.wsgi.auth import require_operator
from api.wsgi.responses import json_response, to_json
from classes.app_data_processing import AppDataProcessor
from classes.errors import UnknownNameError
from classes.lists.person import Person
from classes.live.canonical import canonical
from classes.live.found_user import FoundUser
from classes.options import RecommendationOptions
from recsys.kinds import KINDS, REVIEW

_NO_TIME: Final = np.iinfo(np.int64).min
_USER: Final = Text(
    name="user",
    meaning="The name of a user, as in the data or before cleaning.",
    example=KNOWN_USER,
    required=True,
)
_N: Final = WholeNumber(
    name="n",
    meaning="The largest number of reviews to list.",
    default=100,
    low=1,
    high=1_000,
    example=3,
)
_ENDPOINT: Final = Endpoint(
    method="GET",
    path="/users/<name:user>",
    tag="users",
    summary="A user's reviews",
    description="Reviews of items that are no longer in the catalog are left out.",
    response=SuccessResponse("The reviews, newest first.", reference("User")),
    problems=WITH_SNAPSHOT | {404: "There is no known user with this name."},
    parameters=(_N,),
    path_parameters=(_USER,),
    examples=(RequestExample("two", "The two newest reviews", f"/users/{quote(KNOWN_USER)}?n=2"),),
)
_FORGET: Final = Endpoint(
    method="DELETE",
    path="/users/<name:user>",
    tag="users",
    summary="Forget a user",
    description=(
        "From the response on the user is unknown to all workers, and stays so in every later "
        "generation, after a rollback and in exports. Events are removed; what is remembered is a "
        "hash of the name with a secret key. Somebody of that name who comes later is a new user."
    ),
    response=SuccessResponse(
        "The user is forgotten.",
        record(
            user={**NAME, "description": "The user's name as it was in the data."},
            n_events={**COUNT, "description": "Events that were removed."},
            n_reviews={**COUNT, "description": "Reviews in the data that no longer count."},
        ),
    ),
    problems=FOR_OPERATORS
    | WITHOUT_BODY
    | {
        404: "There is no known user with this name, any more or at all.",
        503: "The store of events can't be written now, and nothing has changed (see Retry-After); or "
        "no snapshot is loaded yet.",
    },
    path_parameters=(_USER,),
    for_operators=True,
)


def register(app: Flask, service: Service) -> None:
    """Add both routes."""

    @_ENDPOINT.on(app)
    def user(user: str) -> Response:
        """List a user's reviews, newest first."""
        n = _ENDPOINT.query().read(_N)
        snapshot = service.store.current()
        found = snapshot.users.find(_USER.bounded(user))
        if found is None:
            raise UnknownNameError(
                f"There is no known user {user[:60]!r}; unknown users get the cold-start list. "
                f"GET /random_users lists known users."
            )
        return json_response(to_json(_history(snapshot.data, found, n)), snapshot.generation)

    @_FORGET.on(app)
    def forget_user(user: str) -> Response:
        """Forget a user."""
        require_operator(request, service.config.admin_token)
        _FORGET.query()
        refuse_body(request)
        snapshot, events = service.store.current(), service.store.events
        name = canonical(snapshot.data, events, _USER.bounded(user))
        found = snapshot.users.find(name)
        if found is None and not events.knows(name):
            raise UnknownNameError(f"There is no known user {user[:60]!r}; nothing has changed.")
        row = None if found is None else found.user_row
        n_reviews = 0 if row is None else len(snapshot.data.reviews.of(row).items)
        n_events = events.forget(name).n_events
        payload = {"user": name, "n_events": n_events, "n_reviews": n_reviews}
        return json_response(to_json(payload), snapshot.generation)


def _history(data: AppDataProcessor, user: FoundUser, n: int) -> dict[str, Any]:
    found = Person(data, user, RecommendationOptions()).reviews
    kinds = found.kinds if len(found.kinds) else np.full(len(found.items), REVIEW)
    newest = zip(
        found.items[:n], found.ratings[:n].tolist(), found.times[:n], kinds[:n], strict=True
    )
    reviews = [
        {
            **described_item(data, int(row)),
            "rating": rating if np.isfinite(rating) else None,
            "time": _written(int(microseconds)),
            "kind": KINDS[kind],
        }
        for row, rating, microseconds, kind in newest
    ]
    return {"user": user.name, "n_reviews": len(found.items), "reviews": reviews}


def _written(microseconds: int) -> str | None:
    """Format a time in UTC by RFC 3339."""
    if microseconds == _NO_TIME:
        return None
    return datetime.fromtimestamp(microseconds // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
