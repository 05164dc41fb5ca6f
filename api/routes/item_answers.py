"""The description of an item that several responses share."""

from __future__ import annotations

from typing import Any

from classes.app_data_processing import AppDataProcessor


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
