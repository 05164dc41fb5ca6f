"""GET /items/{item} and GET /similar_items: what is known of an item, and what is like it."""

from __future__ import annotations

from typing import Final

from flask import Flask, Response

from api.contract.endpoint import WITH_SNAPSHOT, Answer, Endpoint, Example
from api.contract.options import MOST_ITEMS
from api.contract.parameters import Text, WholeNumber
from api.contract.schemas import reference
from api.routes.item_answers import described_item
from api.service import Service
from api.wsgi.responses import json_answer, to_json
from classes.app_data_processing import AppDataProcessor
from classes.errors import UnknownNameError

_SAMPLE_ITEM: Final = "cedar raised garden bed by greenwold 4 x 8 feet"
_PROBLEMS: Final = WITH_SNAPSHOT | {404: "There is no item of this name."}
_ITEM: Final = Text(
    name="item",
    meaning="Name of an item, exactly as answers have it.",
    example=_SAMPLE_ITEM,
    required=True,
)
_N: Final = WholeNumber(
    name="n", meaning="How many similar items.", default=5, low=1, high=MOST_ITEMS, example=3
)

_ABOUT: Final = Endpoint(
    method="GET",
    path="/items/<name:item>",
    tag="items",
    summary="What is known of an item",
    answer=Answer("Its facts; null for what isn't known.", reference("Item")),
    problems=_PROBLEMS,
    path_parameters=(_ITEM,),
    examples=(Example("item", "One item", f"/items/{_SAMPLE_ITEM.replace(' ', '%20')}"),),
)
_SIMILAR: Final = Endpoint(
    method="GET",
    path="/similar_items",
    tag="items",
    summary="Items described like another",
    description="Nearest by cosine of the description embeddings, never the item itself.",
    answer=Answer("The nearest first.", reference("SimilarItems")),
    problems=_PROBLEMS,
    parameters=(_ITEM, _N),
    examples=(
        Example("three", "Three", f"/similar_items?item={_SAMPLE_ITEM.replace(' ', '+')}&n=3"),
    ),
)


def register(app: Flask, service: Service) -> None:
    """Add both routes."""

    @_ABOUT.on(app)
    def item(item: str) -> Response:
        """Say what is known of an item."""
        _ABOUT.query()
        snapshot = service.store.current()
        facts = snapshot.data.facts
        row = _row(snapshot.data, item)
        payload = {
            **described_item(snapshot.data, row),
            "n_ratings": int(facts.n_ratings[row]),
            "mean_rating": facts.mean_rating(row),
        }
        return json_answer(to_json(payload), snapshot.generation)

    @_SIMILAR.on(app)
    def similar_items() -> Response:
        """Find the items that are described most alike."""
        query = _SIMILAR.query()
        name, n = query.read(_ITEM), query.read(_N)
        snapshot = service.store.current()
        ranking = snapshot.data.similar_items(_row(snapshot.data, name or ""), n)
        similar = [
            {
                **described_item(snapshot.data, int(row)),
                "similarity": round(float(cosine), 4),
                "rank": position + 1,
            }
            for position, (row, cosine) in enumerate(zip(*ranking, strict=True))
        ]
        payload = {"item": name, "similar_items": similar}
        return json_answer(to_json(payload), snapshot.generation)


def _row(data: AppDataProcessor, name: str) -> int:
    row = data.item_row(name)
    if row is None:
        raise UnknownNameError(
            f"There is no item {name[:60]!r}; expected is a name exactly as the answers of "
            f"GET /recommendations have it."
        )
    return row
