"""GET /items/{item} and GET /similar_items: one item, and the items most like it."""

from __future__ import annotations

from typing import Final

from flask import Flask, Response

from api.contract.endpoint import WITH_SNAPSHOT, Endpoint, RequestExample, SuccessResponse
from api.contract.options import FILTERS, MOST_ITEMS, read_some
from api.contract.parameters import Text, WholeNumber
from api.contract.schemas import reference
from api.routes.item_answers import described_item
from api.service import Service
from api.wsgi.responses import json_response, to_json
from classes.app_data_processing import AppDataProcessor
from classes.candidates import choose
from classes.errors import UnknownNameError

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
        "before ranking, so there are n items if n others pass."
    ),
    response=SuccessResponse("The items, most similar first.", reference("SimilarItems")),
    problems=_PROBLEMS,
    parameters=(_ITEM, _N, *FILTERS),
    examples=(
        RequestExample(
            "three", "Three", f"/similar_items?item={SAMPLE_ITEM.replace(' ', '+')}&n=3"
        ),
    ),
)


def register(app: Flask, service: Service) -> None:
    """Add both routes."""

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
        name, n, filters = query.read(_ITEM), query.read(_N), read_some(query, FILTERS)
        snapshot = service.store.current()
        row = item_row(snapshot.data, name or "")
        ranking = snapshot.data.similar_items(row, n, choose(snapshot.data, filters).mask)
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
