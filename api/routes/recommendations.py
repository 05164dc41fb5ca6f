"""GET and POST /recommendations: the best items for each user asked for."""

from __future__ import annotations

from typing import Any, Final

from flask import Flask, Response, request

from api.contract.endpoint import WITH_SNAPSHOT, Answer, Endpoint, Example
from api.contract.options import DETAIL, OPTIONS, read_options
from api.contract.parameters import Names
from api.contract.request_values import Body, Given, Query, body_of, need_json
from api.contract.schemas import NAMES, map_of, one_of, reference
from api.routes.item_answers import described_item
from api.routes.users import users_parameter
from api.service import Service
from api.wsgi.fast_path import ShortWay
from api.wsgi.problems import ProblemError
from api.wsgi.responses import json_answer, to_json
from classes.recommender import Recommendation, recommend, recommend_to_visitor
from classes.snapshot import Snapshot

PATH: Final = "/recommendations"
VISITOR: Final = "visitor"
"""Key of the answer to somebody without a name."""

_NOBODY: Final = (
    "The parameter 'users' is missing; send users=NAME,NAME, or history=ITEM,ITEM for a visitor "
    "without a name."
)
_DESCRIPTION: Final = (
    "Known users get the best of all items by the ranking model, without what they have "
    "reviewed; anybody else gets what goes with their `history`, or "
    "what is popular now. Filters apply to all items before they "
    "are ranked, so there are n items wherever n pass; `detail` gives the reason if fewer do."
)
_ANSWER: Final = Answer(
    "For each user, in the order asked, item names, best first; with `detail` an object.",
    map_of(one_of(NAMES, reference("Recommendation"))),
)


def register(app: Flask, service: Service) -> None:
    """Add both routes, and the short way to the first."""
    _register_get(app, service)
    _register_post(app, service)


def _register_get(app: Flask, service: Service) -> None:
    users = users_parameter(service.config.max_users_per_request, required=False)
    endpoint = Endpoint(
        method="GET",
        path=PATH,
        tag="recommendations",
        summary="The best items for each user",
        description=_DESCRIPTION,
        answer=_ANSWER,
        parameters=(users, *OPTIONS, DETAIL),
        examples=_GET_EXAMPLES,
    )

    def answer(query_string: str) -> tuple[bytes, str]:
        return _answer(service, Query(query_string, endpoint.query_names), users)

    @endpoint.on(app)
    def recommendations() -> Response:
        """Recommend to the users of a query."""
        return json_answer(*answer(request.query_string.decode("latin-1")))

    app.wsgi_app = ShortWay(app.wsgi_app, PATH, answer)  # type: ignore[method-assign]


def _register_post(app: Flask, service: Service) -> None:
    users = users_parameter(service.config.max_users_per_body, required=False)
    endpoint = Endpoint(
        method="POST",
        path=PATH,
        tag="recommendations",
        summary="The best items for each of many users",
        description="The same as GET, with the users and options in a body. " + _DESCRIPTION,
        answer=_ANSWER,
        problems=WITH_SNAPSHOT
        | {413: "The body is larger than MAX_BODY_BYTES.", 415: "The body isn't JSON."},
        body=(users, *OPTIONS, DETAIL),
        examples=_POST_EXAMPLES,
    )

    @endpoint.on(app)
    def recommendations_by_body() -> Response:
        """Recommend to the users of a body."""
        endpoint.query()
        need_json(request)
        request.max_content_length = service.config.max_body_bytes
        body = Body(body_of(request), endpoint.body_names)
        return json_answer(*_answer(service, body, users))


def _answer(service: Service, given: Given, users: Names) -> tuple[bytes, str]:
    """Read a request, and make the body of its answer."""
    names = given.read(users)
    options = read_options(given)
    detail = given.read(DETAIL)
    if not names and not options.history:
        raise ProblemError(400, _NOBODY)
    snapshot = service.store.current()
    if options.is_plain and not detail:
        return to_json(snapshot.recommend(names, options.n)), snapshot.generation
    if names:
        found = recommend(snapshot, names, options)
    else:
        found = {VISITOR: recommend_to_visitor(snapshot, options)}
    write = _described if detail else _names
    payload = {user: write(snapshot, each) for user, each in found.items()}
    return to_json(payload), snapshot.generation


def _names(snapshot: Snapshot, found: Recommendation) -> list[str]:
    return [snapshot.data.item(row) for row in found.rows]


def _described(snapshot: Snapshot, found: Recommendation) -> dict[str, Any]:
    """Say all about one user's list, in the form of the schema "Recommendation"."""
    chances = snapshot.data.five_star_probability(found.user_row, found.rows)
    columns = (
        [None] * len(found.rows) if values is None else [round(x, 6) for x in values.tolist()]
        for values in (found.scores, chances)
    )
    items = [
        {
            **described_item(snapshot.data, int(row)),
            "score": score,
            "five_star_probability": chance,
            "rank": position + 1,
            "source": found.source,
        }
        for position, (row, score, chance) in enumerate(zip(found.rows, *columns, strict=True))
    ]
    counts = {"n_candidates": found.n_candidates, "n_without_price": found.n_without_price}
    reason = {} if found.reason is None else {"reason": found.reason}
    unknown = {"unknown_items": list(found.unknown_items)} if found.unknown_items else {}
    return {"items": items, **counts, **reason, **unknown}


_KNOWN: Final = f"{PATH}?users=Steven+Novak"
_GET_EXAMPLES: Final = (
    Example("known", "Five items for a known user", _KNOWN),
    Example("both", "A known user and a new one", f"{_KNOWN},somebody+new"),
    Example(
        "visitor",
        "Three items for a visitor of whom two choices are known",
        f"{PATH}?history=cedar+raised+garden+bed+by+rootham+4+x+4+feet,"
        f"cedar+bluebird+nest+house+by+plotwise+single&n=3",
    ),
    Example(
        "filters",
        "Two items of a category and price, with all that is known of them",
        f"{_KNOWN}&category=Bird+Feeding&price_min=10&price_max=40&n=2&detail=true",
    ),
)
_POST_EXAMPLES: Final = (
    Example(
        "both",
        "Two items for a known user and a new one",
        PATH,
        {"users": ["Steven Novak", "somebody new"], "n": 2},
    ),
)
