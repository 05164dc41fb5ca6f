"""How an item is described in every answer that describes one."""

from __future__ import annotations

from typing import Any

from classes.app_data_processing import AppDataProcessor


def described_item(data: AppDataProcessor, item_row: int) -> dict[str, Any]:
    """Give name, title, price and category; null for what isn't known."""
    return {
        "item": data.item(item_row),
        "title": data.title_of(item_row),
        "price": data.facts.price(item_row),
        "category": data.facts.category(item_row),
    }
