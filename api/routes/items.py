"""GET /items, GET /items/{item} and GET /similar_items: find items, and those most like one."""

from __future__ import annotations

from typing import Final

from flask import Flask, Response

from api.contract.endpoint import (
    KNOWN_ITEM,
    WITH_SNAPSHOT,
    Endpoint,
    RequestExample,
    SuccessResponse,
)
from api.contract.options import FILTERS, MOST_ITEMS, SCENARIO, read_some
from api.contract.parameters import WholeNumber
from api.contract.schemas import reference
from api.contract.texts import ShortText
from api.routes.item_answers import ITEM, described_item, item_row
from api.service import Service
from api.wsgi.responses import json_response, to_json
from classes.candidates import choose

LONGEST_QUERY: Final = 100
_PROBLEMS: Final = WITH_SNAPSHOT | {404: "There is no item with this name."}
_N: Final = WholeNumber(
    name="n", meaning="The number of similar items.", default=5, low=1, high=MOST_ITEMS, example=3
)

_QUERY: Final = ShortText(
    name="q",
    meaning="Words of a title, in any order; the last one may be unfinished.",
    example="cedar bed",
    required=True,
    most=LONGEST_QUERY,
)
_N_FOUND: Final = WholeNumber(
    name="n", meaning="The number of items.", default=10, low=1, high=MOST_ITEMS, example=3
)

_SEARCH: Final = Endpoint(
    method="GET",
    path="/items",
    tag="items",
    summary="Items by words of their titles",
    description=(
        "Items whose titles have every word, whatever the case, accents and punctuation. Titles "
        "that begin with the first word come first, then those in which each word begins a word, "
        "then those that have words of three letters or more inside others; among equals, the "
        "most reviewed. Items that rules hide are found."
    ),
    response=SuccessResponse("The items, best match first.", reference("FoundItems")),
    parameters=(_QUERY, _N_FOUND),
    examples=(RequestExample("two", "Two raised beds", "/items?q=garden+bed&n=2"),),
)
_ABOUT: Final = Endpoint(
    method="GET",
    path="/items/<name:item>",
    tag="items",
    summary="Details of an item",
    response=SuccessResponse("Its details; null for what isn't known.", reference("Item")),
    problems=_PROBLEMS,
    path_parameters=(ITEM,),
    examples=(RequestExample("item", "One item", f"/items/{KNOWN_ITEM.replace(' ', '%20')}"),),
)
_SIMILAR: Final = Endpoint(
    method="GET",
    path="/similar_items",
    tag="items",
    summary="Items with descriptions like another's",
    description=(
        "Ranked by the cosine of the description embeddings; never the item itself. Filters apply "
        "before ranking, so there are n items if n others pass. Items that rules hide are left out."
    ),
    response=SuccessResponse("The items, most similar first.", reference("SimilarItems")),
    problems=_PROBLEMS,
    parameters=(ITEM, _N, *FILTERS, SCENARIO),
    examples=(
        RequestExample(
            "three",
            "Three similar items",
            f"/similar_items?item={KNOWN_ITEM.replace(' ', '+')}&n=3",
        ),
    ),
)


def register(app: Flask, service: Service) -> None:
    """Add the routes."""
    _register_search(app, service)
    _register_details(app, service)
    _register_similar(app, service)


def _register_search(app: Flask, service: Service) -> None:
    @_SEARCH.on(app)
    def items() -> Response:
        """Find items by their titles."""
        query = _SEARCH.query()
        text, n = query.read(_QUERY) or "", query.read(_N_FOUND)
        snapshot = service.store.current()
        data = snapshot.data
        found = [
            {
                **described_item(data, row),
                "n_ratings": int(data.facts.n_ratings[row]),
                "rank": place + 1,
            }
            for place, row in enumerate(data.titles.find(text, n).tolist())
        ]
        return json_response(to_json({"query": text, "items": found}), snapshot.generation)


def _register_details(app: Flask, service: Service) -> None:
    @_ABOUT.on(app)
    def item(item: str) -> Response:
        """Describe an item."""
        _ABOUT.query()
        snapshot = service.store.current()
        facts = snapshot.data.facts
        row = item_row(snapshot.data, ITEM.bounded(item))
        payload = {
            **described_item(snapshot.data, row),
            "n_ratings": int(facts.n_ratings[row]),
            "mean_rating": facts.mean_rating(row),
        }
        return json_response(to_json(payload), snapshot.generation)


def _register_similar(app: Flask, service: Service) -> None:
    @_SIMILAR.on(app)
    def similar_items() -> Response:
        """List the items with the most similar descriptions."""
        query = _SIMILAR.query()
        name, n, filters = query.read(ITEM), query.read(_N), read_some(query, (*FILTERS, SCENARIO))
        snapshot = service.store.current()
        row, rules = item_row(snapshot.data, name or ""), snapshot.rules.of(filters.scenario)
        ranking = snapshot.data.similar_items(row, n, choose(snapshot.data, filters, rules).mask)
        similar = [
            {
                **described_item(snapshot.data, int(row)),
                "similarity": round(float(cosine), 4),
                "rank": position + 1,
            }
            for position, (row, cosine) in enumerate(zip(*ranking, strict=True))
        ]
        payload = {"item": name, "similar_items": similar}
        return json_response(to_json(payload), snapshot.generation)
