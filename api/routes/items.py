"""GET /items, GET /items/{item} and GET /similar_items: find items, and those most like one."""

from __future__ import annotations

from typing import Final

from flask import Flask, Response

from api.contract.endpoint import WITH_SNAPSHOT, Endpoint, RequestExample, SuccessResponse
from api.contract.options import FILTERS, MOST_ITEMS, SCENARIO, read_some
from api.contract.parameters import Text, WholeNumber
from api.contract.schemas import reference
from api.contract.texts import ShortText
from api.routes.item_answers import described_item
from api.service import Service
from api.wsgi.responses import json_response, to_json
from classes.app_data_processing import AppDataProcessor
from classes.candidates import choose
from classes.errors import UnknownNameError

LONGEST_QUERY: Final = 100
SAMPLE_ITEM: Final = "cedar raised garden bed by greenwold 4 x 8 feet"
_PROBLEMS: Final = WITH_SNAPSHOT | {404: "There is no item with this name."}
_ITEM: Final = Text(
    name="item",
    meaning="The name of an item, exactly as in responses.",
    example=SAMPLE_ITEM,
    required=True,
)
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
    path_parameters=(_ITEM,),
    examples=(RequestExample("item", "One item", f"/items/{SAMPLE_ITEM.replace(' ', '%20')}"),),
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
    parameters=(_ITEM, _N, *FILTERS, SCENARIO),
    examples=(
        RequestExample(
            "three", "Three", f"/similar_items?item={SAMPLE_ITEM.replace(' ', '+')}&n=3"
        ),
    ),
)


def register(app: Flask, service: Service) -> None:
    """Add the routes."""

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

    @_ABOUT.on(app)
    def item(item: str) -> Response:
        """Describe an item."""
        _ABOUT.query()
        snapshot = service.store.current()
        facts = snapshot.data.facts
        row = item_row(snapshot.data, _ITEM.bounded(item))
        payload = {
            **described_item(snapshot.data, row),
            "n_ratings": int(facts.n_ratings[row]),
            "mean_rating": facts.mean_rating(row),
        }
        return json_response(to_json(payload), snapshot.generation)

    @_SIMILAR.on(app)
    def similar_items() -> Response:
        """List the items with the most similar descriptions."""
        query = _SIMILAR.query()
        name, n, filters = query.read(_ITEM), query.read(_N), read_some(query, (*FILTERS, SCENARIO))
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


def item_row(data: AppDataProcessor, name: str) -> int:
    """Find an item.

    Raises:
        UnknownNameError: 404, there is none with this name.
    """
    row = data.item_row(name)
    if row is None:
        raise UnknownNameError(
            f"There is no item {name[:60]!r}; expected a name exactly as in the response of "
            f"GET /recommendations."
        )
    return row
