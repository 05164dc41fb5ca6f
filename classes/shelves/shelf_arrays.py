"""What shelves need of each item, made once a snapshot."""

from __future__ import annotations

from recsys.dated_items import DatedItems, dated_items, first_days
from recsys.interactions import Interactions
from storage.name_table import Arrays

_PREFIX = "dated_"
FIRST_DAY = "item_first_day"


def shelf_arrays(interactions: Interactions, n_items: int) -> Arrays:
    """Gather who was reviewed when, and the first day of each item."""
    dated = dated_items(interactions)
    named = {_PREFIX + name: array for name, array in dated._asdict().items()}
    return {**named, FIRST_DAY: first_days(dated, n_items)}


def dated_of(arrays: Arrays) -> DatedItems:
    """Wrap the interactions among arrays that `shelf_arrays` made."""
    return DatedItems(*(arrays[_PREFIX + name] for name in DatedItems._fields))  # type: ignore[arg-type]
