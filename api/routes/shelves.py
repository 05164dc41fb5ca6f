"""Lists of items for everybody: popular, trending, new ones, and what goes with a cart."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Final

from flask import Flask, Response

from api.contract.endpoint import (
    KNOWN_ITEM,
    WITH_SNAPSHOT,
    Endpoint,
    RequestExample,
    SuccessResponse,
)
from api.contract.options import FILTERS, ITEMS, MOST_NAMES, SCENARIO, N, read_some
from api.contract.parameters import Names, OptionalWholeNumber, Text, WholeNumber
from api.contract.request_values import QueryValues
from api.contract.schemas import reference
from api.routes.item_answers import described_item
from api.service import Service
from api.wsgi.problems import ProblemError
from api.wsgi.responses import json_response, to_json
from classes.candidates import choose
from classes.errors import UnknownNameError
from classes.shelves.bought_together import bought_together
from classes.shelves.shelf import Shelf, day_of, new, popular, shortage, trending
from classes.snapshot import Snapshot
from recsys.arrays import ItemRows

LONGEST_WINDOW: Final = 36_500
TREND_DAYS: Final = 30
_SAMPLE_CART: Final = (KNOWN_ITEM, "cedar bluebird nest house by plotwise single")
_OPTIONS: Final = (N, *FILTERS, SCENARIO)
_OPTIONS_OF_A_CART: Final = tuple(each for each in _OPTIONS if each is not ITEMS)
_RULES: Final = "Items that the shop's rules hide are left out; no other rule has a say here. "
_COUNTED: Final = "Days are counted back from the newest review, not from today. " + _RULES


def _window(meaning: str) -> OptionalWholeNumber:
    return OptionalWholeNumber(
        name="window_days", meaning=meaning, low=1, high=LONGEST_WINDOW, example=90
    )


_POPULAR_WINDOW: Final = _window(
    "Count the reviews of so many days. Without it, the list is that of unknown users."
)
_TREND_WINDOW: Final = WholeNumber(
    name="window_days",
    meaning="The days that are compared with four times as many before them.",
    default=TREND_DAYS,
    low=1,
    high=LONGEST_WINDOW,
    example=90,
)
_NEW_WINDOW: Final = _window("Only items with their first review in so many days; all without it.")
_ITEM: Final = Text(
    name="item",
    meaning="The name of an item, exactly as in responses.",
    example=KNOWN_ITEM,
    suggested=True,
)
_CART: Final = Names(
    name="items",
    meaning="The names of the items of a cart, beside `item` or instead. Unknown ones are listed.",
    default=[],
    most=MOST_NAMES,
    nouns="items",
)

_POPULAR: Final = Endpoint(
    method="GET",
    path="/popular",
    tag="shelves",
    summary="The most popular items",
    description=(
        "Ranked by five-star ratings, equal counts in the order of the list of unknown users. "
        "`count` is their number. " + _COUNTED
    ),
    response=SuccessResponse("The items, most popular first.", reference("Shelf")),
    parameters=(_POPULAR_WINDOW, *_OPTIONS),
    examples=(
        RequestExample(
            "month", "The two most popular items of the last month", "/popular?window_days=30&n=2"
        ),
        RequestExample(
            "categories",
            "The two most popular items of two categories",
            "/popular?category=Bird+Feeding&category=Woodworking&n=2",
        ),
    ),
)
_TRENDING: Final = Endpoint(
    method="GET",
    path="/trending",
    tag="shelves",
    summary="The items that are chosen more often lately than before",
    description=(
        "Ranked by `rise` = (r + 5) / (E + 5): r reviews (`count`) in the window, E as many as "
        "there would have been, had the item kept its share of the four windows before, in which "
        "it had `count_before`. The 5 keeps items with few reviews near 1 (the gamma-Poisson "
        "shrinker of DuMouchel, 1999). Only items above 1 are listed. " + _COUNTED
    ),
    response=SuccessResponse("The items, steepest rise first.", reference("Shelf")),
    parameters=(_TREND_WINDOW, *_OPTIONS),
    examples=(
        RequestExample(
            "quarter", "The two items that rose most in a quarter", "/trending?window_days=90&n=2"
        ),
    ),
)
_NEW: Final = Endpoint(
    method="GET",
    path="/new",
    tag="shelves",
    summary="The newest items",
    description=(
        "Ranked by the day of their first review, since the catalog has no release dates, then by "
        "the number of reviews, `count`. Items without reviews aren't listed. " + _COUNTED
    ),
    response=SuccessResponse("The items, newest first.", reference("Shelf")),
    parameters=(_NEW_WINDOW, *_OPTIONS),
    examples=(RequestExample("two", "The two newest items", "/new?n=2"),),
)
_TOGETHER: Final = Endpoint(
    method="GET",
    path="/bought_together",
    tag="shelves",
    summary="Items that are chosen together with others",
    description=(
        "Ranked by `similarity`, the sum over the cart of how often people chose an item soon after "
        "or before one of the cart, damped against popular items. Never an item of the cart. "
        + _RULES
    ),
    response=SuccessResponse("The items, best first.", reference("BoughtTogether")),
    problems=WITH_SNAPSHOT
    | {404: "No item of the cart is known, or the data doesn't say what is chosen together."},
    parameters=(_ITEM, _CART, *_OPTIONS_OF_A_CART),
    examples=(
        RequestExample(
            "item",
            "Two items that go with another",
            f"/bought_together?item={KNOWN_ITEM.replace(' ', '+')}&n=2",
        ),
        RequestExample(
            "cart",
            "Two items that go with a cart",
            f"/bought_together?items={','.join(_SAMPLE_CART).replace(' ', '+')}&n=2",
        ),
    ),
)


def register(app: Flask, service: Service) -> None:
    """Add the routes of all shelves."""

    @_POPULAR.on(app)
    def popular_items() -> Response:
        """List the most popular items."""
        return _answer(service, _POPULAR.query(), _POPULAR_WINDOW, popular)

    @_TRENDING.on(app)
    def trending_items() -> Response:
        """List the items whose share of the reviews rises most."""
        return _answer(service, _TRENDING.query(), _TREND_WINDOW, trending)

    @_NEW.on(app)
    def new_items() -> Response:
        """List the items that were first reviewed last."""
        return _answer(service, _NEW.query(), _NEW_WINDOW, new)

    @_TOGETHER.on(app)
    def items_bought_together() -> Response:
        """List what is chosen together with the items of a cart."""
        return _answer_to_cart(service, _TOGETHER.query())


def _answer(
    service: Service, query: QueryValues, window: WholeNumber, make: Callable[..., Shelf]
) -> Response:
    window_days, options = query.read(window), read_some(query, _OPTIONS)
    snapshot = service.store.current()
    candidates = choose(snapshot.data, options, snapshot.rules.of(options.scenario))
    shelf = make(snapshot.data, candidates, options.n, window_days)
    facts = {name: values.tolist() for name, values in shelf.facts.items()}
    payload = {
        "items": _ranked(snapshot, shelf.rows, **facts),
        "window_days": shelf.window_days,
        "newest_day": day_of(snapshot.data.shelf_facts.dated.newest_day).isoformat(),
        "n_candidates": candidates.n,
        **({} if shelf.reason is None else {"reason": shelf.reason}),
    }
    return json_response(to_json(payload), snapshot.generation)


def _answer_to_cart(service: Service, query: QueryValues) -> Response:
    item, options = query.read(_ITEM), read_some(query, _OPTIONS_OF_A_CART)
    names = [*([] if item is None else [item]), *query.read(_CART)]
    if not names:
        raise ProblemError(
            400, "The parameters 'item' and 'items' are missing; send item=NAME or items=NAME,NAME."
        )
    snapshot = service.store.current()
    data = snapshot.data
    cart, unknown = data.item_rows(names), [name for name in names if data.item_row(name) is None]
    if not len(cart):
        raise UnknownNameError(
            f"There is no item {names[0][:60]!r}; expected names exactly as in the response of "
            f"GET /recommendations."
        )
    candidates = choose(data, options, snapshot.rules.of(options.scenario))
    rows, similarities = bought_together(data, cart, candidates, options.n)
    what = "chosen together with an item of the cart"
    reason = shortage(data, candidates, rows, options.n, what)
    payload = {
        "items": _ranked(snapshot, rows, similarity=[round(x, 4) for x in similarities.tolist()]),
        "n_candidates": candidates.without(cart),
        **({} if reason is None else {"reason": reason}),
        **({"unknown_items": unknown} if unknown else {}),
    }
    return json_response(to_json(payload), snapshot.generation)


def _ranked(snapshot: Snapshot, rows: ItemRows, **facts: list[Any]) -> list[dict[str, Any]]:
    """Describe listed items, each with its value of every fact, and number them."""
    return [
        {
            **described_item(snapshot.data, row),
            **{name: values[place] for name, values in facts.items()},
            "rank": place + 1,
        }
        for place, row in enumerate(rows.tolist())
    ]
