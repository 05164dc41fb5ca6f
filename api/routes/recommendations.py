"""GET and POST /recommendations: the best items for each requested user."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Final
from urllib.parse import quote_plus, urlencode

from flask import Flask, Response, request

from api.contract.endpoint import (
    KNOWN_USER,
    UNKNOWN_USER,
    WITH_BODY,
    WITH_SNAPSHOT,
    Endpoint,
    RequestExample,
    SuccessResponse,
)
from api.contract.options import DETAIL, EXPLAIN, OPTIONS, read_options
from api.contract.parameters import Names
from api.contract.request_values import QueryValues, RequestValues
from api.contract.schemas import NAMES, map_of, one_of, reference
from api.routes.explain import described_explanation
from api.routes.item_answers import described_item
from api.routes.users import users_parameter
from api.service import Service
from api.wsgi.fast_path import FastPath
from api.wsgi.problems import ProblemError
from api.wsgi.responses import json_response, to_json
from classes.lists.choice import Recommendation
from classes.options import RecommendationOptions
from classes.snapshot import Snapshot

PATH: Final = "/recommendations"
VISITOR: Final = "visitor"
"""Key of the response for a visitor without a name."""

_ITEMS_OF_A_RANKED_LIST: Final = 10
"""What a list counts at least that can't be computed ahead: ranking takes longer than listing."""

_ITEMS_OF_AN_EXPLANATION: Final = 100
"""An explanation takes 1 ms and has 4 kB, but some have 25."""

_NO_USERS: Final = (
    "The parameter 'users' is missing; send users=NAME,NAME, or history=ITEM,ITEM for a visitor "
    "without a name."
)
_DESCRIPTION: Final = (
    "Known users get the best of all items by the ranking model, without those they have "
    "reviewed. Unknown users get items that match their `history`, or popular items. Filters "
    "apply to all items before ranking, so a list has n items if n pass; with `detail`, a "
    "shorter list has a reason. All lists together may have at most MAX_ITEMS_PER_REQUEST items; "
    "details count twice, and an explanation counts as 100."
)
_RESPONSE: Final = SuccessResponse(
    "The item names for each user in the order sent, best first; with `detail`, an object.",
    map_of(one_of(NAMES, reference("Recommendation"))),
)


def register(app: Flask, service: Service) -> None:
    """Add both routes, and the fast path to the first."""
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
        response=_RESPONSE,
        parameters=(users, *OPTIONS, DETAIL, EXPLAIN),
        examples=_GET_EXAMPLES,
    )

    def answer(query_string: str) -> tuple[bytes, str]:
        return _answer(service, QueryValues(query_string, endpoint.query_names), users)

    @endpoint.on(app)
    def recommendations() -> Response:
        """Recommend items to the users in a query."""
        return json_response(*answer(request.query_string.decode("latin-1")))

    app.wsgi_app = FastPath(app.wsgi_app, PATH, answer)  # type: ignore[method-assign]


def _register_post(app: Flask, service: Service) -> None:
    users = users_parameter(service.config.max_users_per_body, required=False)
    endpoint = Endpoint(
        method="POST",
        path=PATH,
        tag="recommendations",
        summary="The best items for each of many users",
        description="The same as GET, with users and options in a JSON body. " + _DESCRIPTION,
        response=_RESPONSE,
        problems=WITH_SNAPSHOT | WITH_BODY,
        body=(users, *OPTIONS, DETAIL, EXPLAIN),
        examples=_POST_EXAMPLES,
    )

    @endpoint.on(app)
    def recommendations_by_body() -> Response:
        """Recommend items to the users in a body."""
        endpoint.query()
        body = endpoint.json_body(service.config.max_body_bytes)
        return json_response(*_answer(service, body, users))


def _answer(service: Service, values: RequestValues, users: Names) -> tuple[bytes, str]:
    """Return the body of the response to a request, and its generation."""
    names = values.read(users)
    options = read_options(values)
    explain = values.read(EXPLAIN)
    detail = values.read(DETAIL) or explain
    if not names and not options.history:
        raise ProblemError(400, _NO_USERS)
    _refuse_large_response(
        service.config.max_items_per_request, len(names), options, detail, explain
    )
    snapshot = service.store.current()
    asked: Sequence[str | None] = names or [None]
    lists: dict[str | None, Any]
    if detail:
        found = snapshot.recommender.recommend_in_detail(asked, options)
        lists = {user: _described(snapshot, each) for user, each in found.items()}
        if explain:
            for user, each in found.items():
                _explain(snapshot, each, options, lists[user]["items"])
    else:
        lists = snapshot.recommender.recommend(asked, options)
    if not names:
        lists = {VISITOR: lists[None]}
    return to_json(lists), snapshot.generation


def _refuse_large_response(
    most: int, n_lists: int, options: RecommendationOptions, detail: bool, explain: bool
) -> None:
    """Refuse a request that would hold a worker for seconds, or whose response is too large.

    By default a request takes at most 1.6 s of a processor at 109,000 items, or 3 s where it
    asks for 10,000 plain lists before they are computed ahead; a response has 6 MB, or 2 MB with
    explanations, of which no user's history makes more than 12 MB.
    """
    # Names of the history that aren't in the catalog are repeated in each list with details.
    per_list = 2 * (options.depth + len(options.history)) if detail else options.depth
    if detail or not options.is_plain:
        per_list = max(per_list, _ITEMS_OF_A_RANKED_LIST)
    per_list += _ITEMS_OF_AN_EXPLANATION * options.n if explain else 0
    if n_lists * per_list > most:
        raise ProblemError(
            400,
            f"The request asks for {n_lists:,} lists that count as {per_list:,} items each "
            f"(details count twice, options as 10 items or more, and an explanation as "
            f"{_ITEMS_OF_AN_EXPLANATION}); at most {most:,} items are "
            f"allowed. Send several requests of at most {most // per_list:,} users; "
            f"`python -m pipeline recommend` writes the lists of all users.",
        )


def _explain(
    snapshot: Snapshot,
    found: Recommendation,
    options: RecommendationOptions,
    items: list[dict[str, Any]],
) -> None:
    """Add to each described item why it is in the list."""
    rows = found.rows.tolist()
    explained = snapshot.explainer.explain_for(found.person, rows, options)
    for item, each in zip(items, explained, strict=True):
        item["explanation"] = described_explanation(snapshot.data, each)


def _described(snapshot: Snapshot, found: Recommendation) -> dict[str, Any]:
    """Describe one user's list by the schema "Recommendation"."""
    columns = (
        [None] * len(found.rows) if values is None else [round(x, 6) for x in values.tolist()]
        for values in (found.scores, found.five_star_chances)
    )
    rules = found.rule_ids or [None] * len(found.rows)
    items = [
        {
            **described_item(snapshot.data, int(row)),
            "score": score,
            "five_star_probability": chance,
            "rank": found.n_before + position + 1,
            "source": found.source,
            **({} if rule is None else {"rule": rule}),
        }
        for position, (row, score, chance, rule) in enumerate(
            zip(found.rows, *columns, rules, strict=True)
        )
    ]
    counts = {"n_candidates": found.n_candidates, "n_without_price": found.n_without_price}
    reason = {} if found.reason is None else {"reason": found.reason}
    unknown = {"unknown_items": list(found.unknown_items)} if found.unknown_items else {}
    return {"items": items, **counts, **reason, **unknown}


_KNOWN: Final = f"{PATH}?{urlencode({'users': KNOWN_USER})}"
_GET_EXAMPLES: Final = (
    RequestExample("known", "Five items for a known user", _KNOWN),
    RequestExample(
        "both", "A known user and an unknown one", f"{_KNOWN},{quote_plus(UNKNOWN_USER)}"
    ),
    RequestExample(
        "visitor",
        "Three items for a visitor who has chosen two",
        f"{PATH}?history=cedar+raised+garden+bed+by+rootham+4+x+4+feet,"
        f"cedar+bluebird+nest+house+by+plotwise+single&n=3",
    ),
    RequestExample(
        "filters",
        "Two items of a category in a price range, with details",
        f"{_KNOWN}&category=Bird+Feeding&price_min=10&price_max=40&n=2&detail=true",
    ),
)
_POST_EXAMPLES: Final = (
    RequestExample(
        "both",
        "Two items each for a known user and an unknown one",
        PATH,
        {"users": [KNOWN_USER, UNKNOWN_USER], "n": 2},
    ),
)
