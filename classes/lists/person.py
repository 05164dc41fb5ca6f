"""Whom a list is for, as the model sees them."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from classes.app_data_processing import AppDataProcessor
from classes.options import RecommendationOptions
from recsys.arrays import ItemRows
from scoring.inputs import Visitor


def person_of(
    data: AppDataProcessor, user_row: int | None, options: RecommendationOptions
) -> Visitor | None:
    """Describe a known user, or a visitor by the request's history, as the options want it.

    Returns:
        None for somebody of whom nothing is known.
    """
    left_out = rows_of(data, options.without)
    if user_row is not None:
        return data.person(user_row, left_out)
    history = rows_of(data, options.history)
    rest = history[~np.isin(history, left_out)]
    return data.visitor(rest) if len(rest) else None


def rows_of(data: AppDataProcessor, names: Sequence[str]) -> ItemRows:
    """Find the rows of items, in their order, without unknown ones."""
    found = map(data.item_row, names)
    return np.array([row for row in found if row is not None], dtype=np.int32)
