"""The item that a request names, and the description of one, as several routes have them."""

from __future__ import annotations

from typing import Any, Final

from api.contract.endpoint import KNOWN_ITEM
from api.contract.parameters import Text
from classes.app_data_processing import AppDataProcessor
from classes.errors import UnknownNameError

ITEM: Final = Text(
    name="item",
    meaning="The name of an item, exactly as in responses.",
    example=KNOWN_ITEM,
    required=True,
)


def described_item(data: AppDataProcessor, item_row: int) -> dict[str, Any]:
    """Return an item's name, title, price, category, brand and picture; None for what isn't known."""
    return {
        "item": data.item(item_row),
        "title": data.title_of(item_row),
        "price": data.facts.price(item_row),
        "category": data.facts.category(item_row),
        "brand": data.facts.brand(item_row),
        "image": data.facts.image(item_row),
    }


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
