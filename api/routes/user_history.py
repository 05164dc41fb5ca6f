"""GET /users/{user}: a user's reviews, which explain the user's recommendations."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any, Final
from urllib.parse import quote

import numpy as np
from flask import Flask, Response

from api.contract.endpoint import (
    KNOWN_USER,
    WITH_SNAPSHOT,
    Endpoint,
    RequestExample,
    SuccessResponse,
)
from api.contract.parameters import Text, WholeNumber
from api.contract.schemas import reference
from api.routes.item_answers import described_item
from api.service import Service
from api.wsgi.responses import json_response, to_json
from classes.app_data_processing import AppDataProcessor
from classes.errors import UnknownNameError

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


def register(app: Flask, service: Service) -> None:
    """Add the route."""

    @_ENDPOINT.on(app)
    def user(user: str) -> Response:
        """List a user's reviews, newest first."""
        n = _ENDPOINT.query().read(_N)
        snapshot = service.store.current()
        row = snapshot.data.user_row(_USER.bounded(user))
        if row is None:
            raise UnknownNameError(
                f"There is no known user {user[:60]!r}; unknown users get the cold-start list. "
                f"GET /random_users lists known users."
            )
        return json_response(to_json(_history(snapshot.data, row, n)), snapshot.generation)


def _history(data: AppDataProcessor, user_row: int, n: int) -> dict[str, Any]:
    found = data.reviews.of(user_row)
    newest = zip(found.items[:n], found.ratings[:n].tolist(), found.times[:n], strict=True)
    reviews = [
        {
            **described_item(data, int(row)),
            "rating": rating if np.isfinite(rating) else None,
            "time": _written(int(microseconds)),
        }
        for row, rating, microseconds in newest
    ]
    return {"user": data.user(user_row), "n_reviews": len(found.items), "reviews": reviews}


def _written(microseconds: int) -> str | None:
    """Format a time in UTC by RFC 3339."""
    if microseconds == _NO_TIME:
        return None
    return datetime.fromtimestamp(microseconds // 1_000_000, UTC).strftime("%Y-%m-%dT%H:%M:%SZ")
