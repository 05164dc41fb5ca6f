"""GET /explain: why an item has its score for a user, and its place in the user's list."""

from __future__ import annotations

from dataclasses import replace
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

import numpy as np
from flask import Flask, Response

from api.contract.endpoint import (
    KNOWN_ITEM,
    KNOWN_USER,
    UNKNOWN_USER,
    WITH_SNAPSHOT,
    Endpoint,
    RequestExample,
    SuccessResponse,
)
from api.contract.options import MOST_ITEMS, OFFSET, OPTIONS, N, read_options
from api.contract.parameters import Text
from api.contract.schemas import reference
from api.routes.item_answers import ITEM, item_row
from api.service import Service
from api.wsgi.problems import ProblemError
from api.wsgi.responses import json_response, to_json
from classes.app_data_processing import AppDataProcessor
from classes.explanation.parts import Explanation, Part

PATH: Final = "/explain"
_DIGITS: Final = 9
"""Of shares, so that their sum is right to eight."""

_USER: Final = Text(
    name="user",
    meaning="The user, known or not; leave it out for a visitor with a `history`.",
    example=KNOWN_USER,
    suggested=True,
)
_OPTIONS: Final = tuple(each for each in OPTIONS if each not in (N, OFFSET))
_NOBODY: Final = (
    "The parameter 'user' is missing; send user=NAME, or history=ITEM,ITEM for a visitor without "
    "a name."
)
_ASKED: Final = f"{PATH}?{urlencode({'user': KNOWN_USER, 'item': KNOWN_ITEM})}"
_ENDPOINT: Final = Endpoint(
    method="GET",
    path=PATH,
    tag="recommendations",
    summary="Why an item has its place in a user's list",
    description=(
        "The parts add up to the item's score less that of a reference: the catalog's mean item, "
        "for somebody without history or reviews. Across the model's nonlinearity they are "
        "Shapley values; the part of an item of the history is divided exactly. `affinity_change` "
        "tells what taking that item out does to each affinity, as `without` would. Items for unknown users "
        "have a rule instead of a score. The options are those of `/recommendations`, and `rank` "
        f"is the place in the list that they give, null after the first {MOST_ITEMS}."
    ),
    response=SuccessResponse("The explanation.", reference("ExplainedItem")),
    problems=WITH_SNAPSHOT | {404: "There is no item with this name."},
    parameters=(_USER, ITEM, *_OPTIONS),
    examples=(
        RequestExample("known", "An item for a known user", _ASKED),
        RequestExample(
            "unknown",
            "An item for an unknown user",
            f"{PATH}?user={quote_plus(UNKNOWN_USER)}&item={quote_plus(KNOWN_ITEM)}",
        ),
    ),
)


def register(app: Flask, service: Service) -> None:
    """Add the route."""

    @_ENDPOINT.on(app)
    def explain() -> Response:
        """Explain an item's place in a list."""
        query = _ENDPOINT.query()
        user, item = query.read(_USER), query.read(ITEM)
        options = replace(read_options(query), n=MOST_ITEMS)
        if user is None and not options.history:
            raise ProblemError(400, _NOBODY)
        snapshot = service.store.current()
        row = item_row(snapshot.data, item or "")
        found = snapshot.recommender.recommend_in_detail([user], options)[user]
        places = np.flatnonzero(found.rows == row)
        explained = snapshot.explainer.explain_for(found.person, [row], options)[0]
        payload = {
            "user": user,
            "rank": int(places[0]) + 1 if len(places) else None,
            **described_explanation(snapshot.data, explained),
        }
        return json_response(to_json(payload), snapshot.generation)


def described_explanation(data: AppDataProcessor, explained: Explanation) -> dict[str, Any]:
    """Describe an explanation by the schema "Explanation"."""
    return {
        "item": data.item(explained.item_row),
        "title": data.title_of(explained.item_row),
        "score_logit": _rounded(explained.score_logit),
        "reference_logit": _rounded(explained.reference_logit),
        "method": explained.method,
        "affinities": _all_rounded(explained.affinities),
        "parts": [_part(each) for each in explained.parts],
        **({} if explained.rule is None else {"rule": dict(explained.rule)}),
        "reason_text": explained.reason_text,
    }


def _part(part: Part) -> dict[str, Any]:
    described: dict[str, Any] = {
        "kind": part.kind,
        "name": part.name,
        "title": part.title,
        "similarity": part.similarity,
        "share": _rounded(part.share),
        "reason_text": part.reason_text,
    }
    if part.kind == "history":
        described["similarities"] = _all_rounded(part.by_similarity)
        described["affinity_change"] = _all_rounded(part.affinity_change)
    return described


def _rounded(value: float | None) -> float | None:
    return None if value is None else round(value, _DIGITS)


def _all_rounded(values: Any) -> dict[str, float]:
    return {name: round(value, _DIGITS) for name, value in values.items()}
